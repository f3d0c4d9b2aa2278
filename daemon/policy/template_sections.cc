// The sections of a template that stand for themselves, and the readers that all sections share.
#include <array>
#include <limits>

#include "daemon/base/text.h"
#include "daemon/policy/glob.h"
#include "daemon/policy/template_reader.h"

namespace regreen {
namespace {

constexpr std::size_t kLongestLabel = 50;  // GitHub's limit for a label's name
constexpr std::size_t kLongestBody = 16 << 10;
constexpr std::size_t kMostNames = 50;
constexpr int kMostOfAnything = 1'000'000;
constexpr absl::Duration kLongestTimeout = absl::Hours(24);
constexpr absl::Duration kLongestWait = absl::Hours(24 * 90);

bool IsShortName(std::string_view name) {
  return !Trim(name).empty() && name.size() <= kLongestTemplateName && EscapeControl(name) == name;
}

// "2GiB", "512MiB"; nullopt when it is none.
std::optional<std::int64_t> ParseBytes(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, int>, 3> units = {
      {{"KiB", 10}, {"MiB", 20}, {"GiB", 30}}};
  for (const auto& [unit, shift] : units) {
    std::int64_t count = 0;
    if (!text.ends_with(unit)) continue;
    if (!ParseInt64(Trim(text.substr(0, text.size() - unit.size())), &count)) return std::nullopt;
    if (count < 1 || count > (std::numeric_limits<std::int64_t>::max() >> shift))
      return std::nullopt;
    return count << shift;
  }
  return std::nullopt;
}

void ReadMemory(TomlTable& table, Template& out) {
  const auto text = table.String("memory");
  if (!text) return;
  const auto bytes = ParseBytes(*text);
  if (!bytes)
    table.Error("memory", Cat("\"memory\" must be a size such as \"512MiB\" or \"2GiB\", not ",
                              TomlQuote(*text)));
  out.needs.memory_bytes = bytes.value_or(0);
}

void ReadDirectory(TomlTable& table, std::string& out) {
  const auto value = table.String("directory");
  if (!value) return;
  // A folder's name has the form of a path glob that matches one thing.
  if (!value->empty() && value->find_first_of("*?") == std::string::npos) {
    const std::string mistake = GlobMistake(*value, true);
    if (!mistake.empty())
      table.Error("directory", Cat("the directory ", TomlQuote(*value), " ", mistake));
  } else if (!value->empty()) {
    table.Error("directory", "\"directory\" names one folder, not a glob");
  }
  out = *value;
}

void ReadTarget(TomlTable& table, Template& out) {
  const auto target = table.String("target");
  if (!target || *target == "auto") return;
  // What git-check-ref-format(1) refuses, where a person may have written it.
  const bool bad = target->empty() || target->front() == '-' || target->front() == '/' ||
                   target->back() == '/' || target->find("..") != std::string::npos ||
                   EscapeControl(*target) != *target ||
                   target->find_first_of(" ~^:?*[\\") != std::string::npos;
  if (bad)
    table.Error("target", Cat(TomlQuote(*target), " is no branch: write its name, or \"auto\""));
  out.change_target = *target;
}

}  // namespace

void ReadNumber(TomlTable& table, std::string_view key, int least, int most, int& out) {
  const auto value = table.Int(key);
  if (!value) return;
  if (*value < least || *value > most) {
    table.Error(key, Cat("\"", key, "\" must be between ", least, " and ", most, ", not ", *value));
    return;
  }
  out = static_cast<int>(*value);
}

void ReadDecimal(TomlTable& table, std::string_view key, double least, double most, double& out) {
  const auto value = table.Double(key);
  if (!value) return;
  if (!(*value >= least && *value <= most)) {  // so that NaN is refused too
    table.Error(key, Cat("\"", key, "\" must be between ", least, " and ", most, ", not ", *value));
    return;
  }
  out = *value;
}

void ReadFlag(TomlTable& table, std::string_view key, bool& out) {
  out = table.Bool(key).value_or(out);
}

void ReadTime(TomlTable& table, std::string_view key, absl::Duration least, absl::Duration most,
              absl::Duration& out) {
  const auto value = table.Duration(key);
  if (!value) return;
  if (*value < least || *value > most) {
    const auto words = [](absl::Duration d) {
      return d >= absl::Hours(1) ? Cat(absl::ToInt64Hours(d), "h") : absl::FormatDuration(d);
    };
    table.Error(key, Cat("\"", key, "\" must be between ", words(least), " and ", words(most)));
    return;
  }
  out = *value;
}

void ReadTimeout(TomlTable& table, absl::Duration& out) {
  ReadTime(table, "timeout", absl::Seconds(1), kLongestTimeout, out);
}

void ReadLine(TomlTable& table, std::string_view key, std::size_t longest, std::string& out) {
  const auto value = table.String(key);
  if (!value) return;
  if (Trim(*value).empty()) table.Error(key, Cat("\"", key, "\" is empty"));
  if (value->size() > longest)
    table.Error(key, Cat("\"", key, "\" is longer than ", longest, " bytes"));
  if (EscapeControl(*value) != *value)
    table.Error(key, Cat("\"", key, "\" holds control characters or line breaks"));
  out = *value;
}

void ReadNames(TomlTable& table, std::string_view key, std::vector<std::string>& out) {
  const auto names = table.Strings(key);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!IsShortName(name))
      table.Error(key, Cat("the name ", TomlQuote(name), " must have 1 to ", kLongestTemplateName,
                           " printable characters"));
  }
  if (names->size() > kMostNames) table.Error(key, Cat("more than ", kMostNames, " names"));
  out = *names;
}

void CheckCommand(TomlTable& table, std::string_view key, std::string_view command) {
  if (Trim(command).empty())
    table.Error(key, Cat("\"", key, "\" is empty: it must be a shell command"));
  if (command.find('\0') != std::string_view::npos)
    table.Error(key, Cat("\"", key, "\" holds a NUL character"));
}

void ReadWorkspace(TomlTable& root, Template& out) {
  auto table = root.Table("workspace");
  if (!table) return;
  ReadLine(*table, "use", kLongestTemplateName, out.workspace);
  if (const auto setup = table->Strings("setup")) {
    for (const std::string& command : *setup) CheckCommand(*table, "setup", command);
    out.setup = *setup;
  }
  ReadTimeout(*table, out.setup_timeout);
  ReadNames(*table, "tools", out.needs.tools);
  ReadNumber(*table, "cpu", 1, 1024, out.needs.cpu);
  ReadMemory(*table, out);
  ReadNames(*table, "network", out.needs.network);
  table->Finish();
}

void ReadVerify(TomlTable& root, Template& out) {
  auto table = root.Table("verify");
  if (!table) return;
  if (const auto command = table->String("command")) {
    CheckCommand(*table, "command", *command);
    out.verify_command = *command;
  }
  ReadDirectory(*table, out.verify_directory);
  ReadNumber(*table, "runs", 1, 20, out.verify_runs);
  ReadTimeout(*table, out.verify_timeout);
  table->Finish();
}

void ReadGuard(TomlTable& root, Template& out) {
  auto table = root.Table("guard");
  if (!table) return;
  out.guard_paths = ReadGlobs(*table, "paths", true);
  ReadNumber(*table, "max_files", 1, 10'000, out.guard_max_files);
  ReadNumber(*table, "max_lines", 1, 1'000'000, out.guard_max_lines);
  ReadNames(*table, "allow", out.guard_allow);
  table->Finish();
}

void ReadChange(TomlTable& root, Template& out) {
  out.change_title = out.title;
  auto table = root.Table("change");
  if (!table) return;
  ReadLine(*table, "title", kLongestTemplateTitle, out.change_title);
  if (const auto body = table->String("body")) {
    if (Trim(*body).empty()) table->Error("body", "\"body\" is empty: leave it out, or write one");
    if (body->size() > kLongestBody)
      table->Error("body", Cat("\"body\" is longer than ", kLongestBody, " bytes"));
    out.change_body = *body;
  }
  if (const auto labels = table->Strings("labels")) {
    for (const std::string& label : *labels) {
      if (Trim(label).empty() || label.size() > kLongestLabel || EscapeControl(label) != label) {
        table->Error("labels", Cat("the label ", TomlQuote(label), " must have 1 to ",
                                   kLongestLabel, " printable characters"));
      }
    }
    out.change_labels = *labels;
  }
  ReadTarget(*table, out);
  ReadFlag(*table, "auto_merge", out.auto_merge);
  table->Finish();
}

void ReadLimits(TomlTable& root, Template& out) {
  auto table = root.Table("limits");
  if (!table) return;
  ReadNumber(*table, "open_per_repo", 0, kMostOfAnything, out.limits.open_per_repo);
  ReadNumber(*table, "tasks_per_repo", 0, kMostOfAnything, out.limits.tasks_per_repo);
  ReadNumber(*table, "per_hour", 0, kMostOfAnything, out.limits.per_hour);
  ReadNumber(*table, "per_day", 0, kMostOfAnything, out.limits.per_day);
  ReadDecimal(*table, "usd_per_day", 0, kMostOfAnything, out.limits.usd_per_day);
  ReadDecimal(*table, "usd_per_task", 0, kMostOfAnything, out.limits.usd_per_task);
  ReadNumber(*table, "minutes_per_day", 0, kMostOfAnything, out.limits.minutes_per_day);
  ReadTime(*table, "cooldown", absl::ZeroDuration(), kLongestWait, out.limits.cooldown);
  ReadNumber(*table, "break_after", 0, kMostOfAnything, out.limits.break_after);
  ReadTime(*table, "break_for", absl::Seconds(1), kLongestWait, out.limits.break_for);
  table->Finish();
}

void ReadPromote(TomlTable& root, Template& out) {
  auto table = root.Table("promote");
  if (!table) return;
  ReadNumber(*table, "min_tasks", 0, kMostOfAnything, out.promote.min_tasks);
  ReadDecimal(*table, "verified", 0, 1, out.promote.verified);
  ReadNumber(*table, "min_merged", 0, kMostOfAnything, out.promote.min_merged);
  ReadDecimal(*table, "acceptance", 0, 1, out.promote.acceptance);
  ReadDecimal(*table, "max_cost_usd", 0, kMostOfAnything, out.promote.max_usd);
  table->Finish();
}

}  // namespace regreen
