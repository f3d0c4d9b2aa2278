#include "daemon/policy/template.h"

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/policy/template_reader.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestChain = 10;

void ReadHead(TomlTable& root, Template& out) {
  out.where = root.where("name");
  const auto name = root.String("name");
  if (!root.Has("name")) root.Error("name", "a template needs a \"name\"");
  if (name && !IsTemplateName(*name)) {
    root.Error("name",
               Cat("the name ", TomlQuote(*name), " must be made of a-z, 0-9 and '-', at most ",
                   kLongestTemplateName, " of them"));
  }
  out.name = name.value_or("");
  out.title = out.name;
}

void ReadRest(TomlTable& root, Template& out) {
  ReadLine(root, "title", kLongestTemplateTitle, out.title);
  ReadNumber(root, "priority", -1000, 1000, out.priority);
  ReadFlag(root, "hold", out.hold);
  ReadFlag(root, "review", out.review);
  root.Strings("extends");
  if (const auto stage = root.String("stage")) {
    const auto parsed = ParseStage(*stage);
    const std::string names[] = {"draft", "shadow", "suggest", "auto", "retired"};
    if (!parsed)
      root.Error("stage", Cat("unknown stage ", TomlQuote(*stage), DidYouMean(*stage, names)));
    out.stage = parsed.value_or(out.stage);
  }
  if (const auto then = root.Strings("then")) {
    for (const std::string& name : *then) {
      if (!IsTemplateName(name)) root.Error("then", Cat(TomlQuote(name), " is no template's name"));
    }
    if (then->size() > kLongestChain)
      root.Error("then", Cat("more than ", kLongestChain, " templates"));
    out.then = *then;
  }
}

void ReadMatch(TomlTable& root, Template& out) {
  auto match = root.Table("match");
  if (!match) return;
  out.match = ReadConditions(*match);
  if (auto unless = match->Table("unless")) {
    out.unless = ReadConditions(*unless);
    unless->Finish();
  }
  match->Finish();
}

void ReadSections(TomlTable& root, Template& out) {
  ReadRest(root, out);
  ReadMatch(root, out);
  ReadInputs(root, out);
  ReadOutputs(root, out);
  ReadWorkspace(root, out);
  ReadSteps(root, out);
  ReadVerify(root, out);
  ReadGuard(root, out);
  ReadChange(root, out);
  ReadLimits(root, out);
  ReadPromote(root, out);
}

}  // namespace

bool IsTemplateName(std::string_view name) {
  return !name.empty() && name.size() <= kLongestTemplateName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

Position PlaceOf(const Template& t, std::string_view path) {
  const auto found = std::find_if(t.values.begin(), t.values.end(),
                                  [path](const TomlValue& value) { return value.path == path; });
  return found == t.values.end() ? t.where : found->where;
}

bool NeedsFailingCommand(const Template& t) {
  return t.verify_command == "auto" &&
         std::any_of(t.steps.begin(), t.steps.end(), [](const TemplateStep& step) {
           return step.kind == StepKind::kRun || step.kind == StepKind::kAgent;
         });
}

Template ReadTemplate(std::string_view text, const std::string& file, Problems& problems) {
  const std::size_t before = problems.all().size();
  TomlTable root = TomlTable::Parse(text, file, problems);
  if (problems.all().size() > before) return {};  // what else is missing would only be noise
  const Template out = ReadTemplate(std::move(root));
  CheckTexts(out, problems);
  return out;
}

Template ReadTemplate(TomlTable root) {
  Template out;
  out.values = root.Values();
  std::erase_if(out.values, [](const TomlValue& v) { return v.path.starts_with("step["); });
  ReadHead(root, out);
  ReadSections(root, out);
  if (!root.Has("step")) root.Error("step", "a template needs at least one [[step]]");
  root.Finish();
  return out;
}

void CheckBase(TomlTable root) {
  Template part;
  if (root.Has("name")) root.Error("name", "a base has no name: templates that extend it have one");
  ReadSections(root, part);
  root.Finish();
}

}  // namespace regreen
