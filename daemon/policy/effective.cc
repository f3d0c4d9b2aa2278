#include "daemon/policy/effective.h"

#include <algorithm>
#include <span>

#include "daemon/base/text.h"
#include "daemon/policy/written.h"

namespace regreen {
namespace {

std::string Truth(bool value) {
  return value ? "true" : "false";
}

std::string Origin(const Position& where) {
  return Cat(EscapeControl(where.file), ":", where.line);
}

const TomlValue* Find(std::span<const TomlValue> values, std::string_view path) {
  const auto found = std::find_if(values.begin(), values.end(),
                                  [path](const TomlValue& value) { return value.path == path; });
  return found == values.end() ? nullptr : &*found;
}

class Page {
 public:
  explicit Page(std::span<const TomlValue> values) : values_(values) {}

  // What was written under the path, or else the default; without one, nothing.
  void Value(std::string_view path, std::string_view fallback = {}) {
    const TomlValue* value = Find(values_, path);
    if (value != nullptr) {
      Line(KeyOf(path), value->text, Origin(value->where));
    } else if (!fallback.empty()) {
      Line(KeyOf(path), fallback, "default");
    }
  }

  // A list that used templates may add to.
  void JoinedList(std::string_view path, const std::vector<std::string>& list) {
    if (list.empty()) return;
    const TomlValue* value = Find(values_, path);
    const std::string text = List(list);
    // A single string stands for a list of one.
    const bool joined =
        value != nullptr && text != value->text && text != Cat("[", value->text, "]");
    const std::string added = "of templates that it uses";
    Line(KeyOf(path), text,
         value == nullptr ? added : Cat(Origin(value->where), joined ? Cat(", and ", added) : ""));
  }

  // Every value below the path, by keys with dots where tables stand in it, but for `except`.
  void Below(std::string_view path, std::string_view except = {}) {
    for (const TomlValue& value : values_) {
      if (!value.path.starts_with(path)) continue;
      if (!except.empty() && value.path.starts_with(except)) continue;
      Line(std::string_view(value.path).substr(path.size()), value.text, Origin(value.where));
    }
  }

  bool Has(std::string_view begin) const {
    return std::any_of(values_.begin(), values_.end(),
                       [begin](const TomlValue& value) { return value.path.starts_with(begin); });
  }

  void Line(std::string_view key, std::string_view text, std::string_view origin) {
    Append(out_, key, " = ", text, "  # ", origin, "\n");
  }
  void Section(std::string_view name) { Append(out_, "\n[", name, "]\n"); }
  void Raw(std::string_view text) { out_ += text; }
  std::string Take() { return std::move(out_); }

 private:
  static std::string_view KeyOf(std::string_view path) {
    return path.substr(path.rfind('.') == std::string_view::npos ? 0 : path.rfind('.') + 1);
  }

  std::span<const TomlValue> values_;
  std::string out_;
};

void Head(const Template& t, Page& page) {
  page.Value("name");
  page.Value("title", TomlQuote(t.title));
  page.Value("stage", TomlQuote(ToString(t.stage)));
  page.Value("priority", Cat(t.priority));
  page.Line("hold", Truth(t.hold),
            Find(t.values, "hold") == nullptr ? (t.hold ? "of templates that it uses" : "default")
                                              : Origin(PlaceOf(t, "hold")));
  page.Line("review", Truth(t.review),
            Find(t.values, "review") == nullptr
                ? (t.review ? "of templates that it uses" : "default")
                : Origin(PlaceOf(t, "review")));
  page.Value("then");
}

void Match(Page& page) {
  if (page.Has("match.")) page.Section("match");
  page.Below("match.", "match.unless.");
  if (page.Has("match.unless.")) page.Section("match.unless");
  page.Below("match.unless.");
}

void Values(const Template& t, Page& page) {
  for (const InputSpec& input : t.inputs) {
    const std::string path = Cat("inputs.", input.value.name);
    page.Section(path);
    page.Below(path + ".");
    if (Find(t.values, path + ".trust") == nullptr)
      page.Line("trust", input.trusted ? "\"trusted\"" : "\"untrusted\"", "default");
    if (Find(t.values, path + ".required") == nullptr) page.Line("required", "false", "default");
  }
  for (const TomlValue& value : t.values) {
    constexpr std::string_view begin = "outputs.", end = ".type";
    if (!value.path.starts_with(begin) || !value.path.ends_with(end)) continue;
    const std::string path = value.path.substr(0, value.path.size() - end.size());
    page.Section(path);
    page.Below(path + ".");
  }
}

std::string When(const StepWhen& when) {
  std::vector<std::string> parts;
  if (!when.classes.empty()) parts.push_back(Cat("class = ", List(when.classes)));
  if (when.max_run_attempt > 0) parts.push_back(Cat("max_run_attempt = ", when.max_run_attempt));
  std::vector<std::string> after;
  for (const StepOutcome outcome : when.after) after.emplace_back(ToString(outcome));
  if (!after.empty()) parts.push_back(Cat("after = ", List(after)));
  return parts.empty() ? "" : Cat("{ ", Join(parts, ", "), " }");
}

std::string StepText(const Template& t, const TemplateStep& step) {
  Page page(step.values);
  page.Raw(Cat("\n[[step]]  # ", Origin(step.where), "\n"));
  if (!step.source.empty()) {
    page.Raw(Cat("# of the template \"", step.source, "\""));
    for (const auto& [name, text] : t.scopes[step.scope].given)
      page.Raw(Cat(", ", name, " = ", TomlQuote(text)));
    page.Raw("\n");
  }
  const TomlValue* name = Find(step.values, "name");
  page.Line("name", TomlQuote(step.name), name == nullptr ? "default" : Origin(name->where));
  for (const char* key : {"run", "rerun", "agent", "prompt", "report", "text"}) page.Value(key);
  if (step.kind == StepKind::kRerun) page.Value("delay", Length(step.delay));
  if (step.kind == StepKind::kAgent) {
    page.Value("rounds", Cat(step.rounds));
    page.Value("max_cost_usd", Cat(step.max_usd));
  }
  if (step.kind == StepKind::kRun || step.kind == StepKind::kAgent)
    page.Value("timeout", Length(step.timeout));
  const std::string when = When(step.when);
  if (!when.empty()) {
    const bool own = step.when_where.line > 0;
    page.Line("when", when, own ? Origin(step.when_where) : "of the step that uses it");
  }
  return page.Take();
}

void Workspace(const Template& t, Page& page) {
  page.Section("workspace");
  page.Value("workspace.use");
  page.JoinedList("workspace.setup", t.setup);
  page.Value("workspace.timeout", Length(t.setup_timeout));
  page.JoinedList("workspace.tools", t.needs.tools);
  page.Value("workspace.cpu");
  page.Value("workspace.memory");
  page.JoinedList("workspace.network", t.needs.network);
}

void Rest(const Template& t, Page& page) {
  page.Section("verify");
  page.Value("verify.command", TomlString(t.verify_command));
  page.Value("verify.directory", TomlQuote(t.verify_directory));
  page.Value("verify.runs", Cat(t.verify_runs));
  page.Value("verify.timeout", Length(t.verify_timeout));
  page.Section("guard");
  page.Value("guard.paths");
  page.Value("guard.max_files", Cat(t.guard_max_files));
  page.Value("guard.max_lines", Cat(t.guard_max_lines));
  page.JoinedList("guard.allow", t.guard_allow);
  page.Section("change");
  page.Value("change.title", TomlQuote(t.change_title));
  page.Value("change.body");
  page.Value("change.labels", List(t.change_labels));
  page.Value("change.target", "\"auto\"");
  page.Value("change.auto_merge", Truth(t.auto_merge));
  page.Section("limits");
  page.Value("limits.open_per_repo", Cat(t.limits.open_per_repo));
  page.Value("limits.tasks_per_repo", Cat(t.limits.tasks_per_repo));
  page.Value("limits.per_hour", Cat(t.limits.per_hour));
  page.Value("limits.per_day", Cat(t.limits.per_day));
  page.Value("limits.usd_per_day", Cat(t.limits.usd_per_day));
  page.Value("limits.usd_per_task", Cat(t.limits.usd_per_task));
  page.Value("limits.minutes_per_day", Cat(t.limits.minutes_per_day));
  page.Value("limits.cooldown", Length(t.limits.cooldown));
  page.Value("limits.break_after", Cat(t.limits.break_after));
  page.Value("limits.break_for", Length(t.limits.break_for));
  page.Section("promote");
  page.Value("promote.min_tasks", Cat(t.promote.min_tasks));
  page.Value("promote.verified", Cat(t.promote.verified));
  page.Value("promote.min_merged", Cat(t.promote.min_merged));
  page.Value("promote.acceptance", Cat(t.promote.acceptance));
  page.Value("promote.max_cost_usd", Cat(t.promote.max_usd));
}

}  // namespace

std::string RenderEffective(const Template& t) {
  Page page(t.values);
  Head(t, page);
  Match(page);
  Values(t, page);
  Workspace(t, page);
  for (const TemplateStep& step : t.steps) page.Raw(StepText(t, step));
  Rest(t, page);
  return page.Take();
}

}  // namespace regreen
