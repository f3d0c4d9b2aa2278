// policy show: a template as it is written, or as it is in effect.
#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/policy/effective.h"

namespace regreen {

StatusOr<const Template*> FindTemplate(const Policies& policies, const std::string& name) {
  if (const Template* found = policies.templates->Find(name)) return found;
  std::vector<std::string> names;
  for (const Template& t : policies.templates->templates()) names.push_back(t.name);
  const std::string nearest = DidYouMean(name, names);
  return NotFound(Cat("there is no template \"", EscapeControl(name), "\"", nearest,
                      nearest.empty() ? "; regreen policy list names those that there are" : ""));
}

int PolicyShow(const PolicyArguments& arguments) {
  LogWarningsOnly();
  const auto policies = LoadPoliciesOrExplain(ChosenFolder(arguments.policies));
  if (!policies.ok()) return Complain(policies.status());
  const auto found = FindTemplate(*policies, arguments.name);
  if (!found.ok()) return Complain(found.status());
  const Template& t = **found;
  std::string text;
  if (arguments.effective) {
    text = RenderEffective(t);
  } else {
    auto read = ReadFile(t.where.file, kMaxPolicyFileBytes);
    if (!read.ok()) return Complain(read.status());
    text = *std::move(read);
  }
  if (!arguments.json) {
    PrintOut(text);
    return kDone;
  }
  JsonWriter out;
  out.BeginObject().Field("name", t.name).Field("file", t.where.file);
  out.Field("stage", ToString(t.stage)).Field("effective", arguments.effective);
  out.Field("text", text).EndObject();
  PrintOut(Cat(out.Take(), "\n"));
  return kDone;
}

}  // namespace regreen
