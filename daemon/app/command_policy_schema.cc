// policy schema: JSON Schemas for editors.
#include <filesystem>

#include "daemon/app/command_policy.h"
#include "daemon/app/config_schema.h"
#include "daemon/app/print.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/policy/schema.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxSchemaBytes = 1 << 20;

struct Kind {
  const char* name;
  Schema (*schema)();
};
constexpr Kind kKinds[] = {{"template", TemplateSchema},
                           {"rule", RuleSchema},
                           {"config", ConfigSchema},
                           {"fixture", FixtureSchema},
                           {"guard", GuardSchema}};

// The folder's files that are not what this program says.
std::vector<std::string> Outdated(const std::filesystem::path& folder, const std::string& only) {
  std::vector<std::string> outdated;
  for (const Kind& kind : kKinds) {
    if (!only.empty() && only != kind.name) continue;
    const std::filesystem::path path = folder / "schema" / Cat(kind.name, ".json");
    const auto text = ReadFile(path, kMaxSchemaBytes);
    if (!text.ok() || *text != RenderSchema(kind.schema())) outdated.push_back(path.string());
  }
  return outdated;
}

int Compare(const PolicyArguments& arguments) {
  const std::vector<std::string> outdated =
      Outdated(ChosenFolder(arguments.policies), arguments.kind);
  if (arguments.json) {
    JsonWriter out;
    out.BeginObject().Field("ok", outdated.empty()).Field("outdated", outdated).EndObject();
    PrintOut(Cat(out.Take(), "\n"));
  }
  for (const std::string& path : outdated) {
    const std::string kind = std::filesystem::path(path).stem().string();
    Complain(Cat(path, " is not what this version says; regreen policy schema ", kind,
                 " prints what it should be"));
  }
  return outdated.empty() ? kDone : kBad;
}

}  // namespace

int PolicySchema(const PolicyArguments& arguments) {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.emplace_back(kind.name);
  const std::string wanted = arguments.kind.empty() ? "template" : arguments.kind;
  for (const Kind& kind : kKinds) {
    if (wanted != kind.name) continue;
    if (arguments.compare) return Compare(arguments);
    PrintOut(RenderSchema(kind.schema()));
    return kDone;
  }
  return Complain(Cat("there is no schema \"", EscapeControl(wanted), "\"",
                      DidYouMean(wanted, names), "; there are ", Join(names, ", ")),
                  kUsage);
}

}  // namespace regreen
