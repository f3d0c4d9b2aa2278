#include "daemon/triage/report.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxShownTests = 20;

void AppendFact(std::string& out, std::string_view name, std::string_view value) {
  if (!value.empty())
    Append(out, "  ", name, std::string(12 - name.size(), ' '), EscapeControl(value), "\n");
}

void AppendTests(std::string& out, const std::vector<std::string>& tests) {
  if (tests.empty()) return;
  Append(out, "\n  failed tests (", tests.size(), "):\n");
  for (std::size_t i = 0; i < std::min(tests.size(), kMaxShownTests); ++i) {
    Append(out, "    ", EscapeControl(tests[i]), "\n");
  }
  if (tests.size() > kMaxShownTests)
    Append(out, "    and ", tests.size() - kMaxShownTests, " more\n");
}

void AppendLines(std::string& out, const std::vector<EvidenceLine>& lines) {
  if (lines.empty()) return;
  out += "\n";
  std::int64_t previous = lines.front().n - 1;
  for (const EvidenceLine& line : lines) {
    if (line.n > previous + 10) out += "         …\n";
    previous = line.n;
    const std::string number = std::to_string(line.n);
    Append(out, line.role == "primary" ? "  > " : "    ",
           std::string(number.size() < 6 ? 6 - number.size() : 0, ' '), number, "  ",
           EscapeControlKeepLines(line.text), "\n");
  }
}

}  // namespace

std::string RenderEvidence(const Evidence& evidence, std::string_view file) {
  std::string out = Cat(EscapeControl(file), "\n");
  if (evidence.failure_class == FailureClass::kNone)
    return out += "  no failure found in this log\n";
  AppendFact(out, "failure", evidence.signature);
  AppendFact(out, "class", ToString(evidence.failure_class));
  AppendFact(out, "rule", evidence.rule);
  AppendFact(out, "step", evidence.step);
  // Of a script only the first line: the rest is in the log.
  AppendFact(out, "command", evidence.command.substr(0, evidence.command.find('\n')));
  if (evidence.exit_code) AppendFact(out, "exit code", std::to_string(*evidence.exit_code));
  AppendFact(out, "fingerprint", evidence.fingerprint.substr(0, 16));
  AppendTests(out, evidence.failed_tests);
  AppendLines(out, evidence.lines);
  return out;
}

void WriteTriageJson(const Evidence& evidence, std::string_view file, JsonWriter& out) {
  out.BeginObject().Field("file", file).Field("class", ToString(evidence.failure_class));
  out.Field("rule", evidence.rule).Field("signature", evidence.signature);
  out.Field("fingerprint", evidence.fingerprint).Field("tool", evidence.tool);
  out.Field("step", evidence.step).Field("command", evidence.command).Key("exit_code");
  if (evidence.exit_code)
    out.Int(*evidence.exit_code);
  else
    out.Null();
  out.Field("failed_tests", evidence.failed_tests).Key("diagnostics").BeginArray();
  for (const Diagnostic& diagnostic : evidence.diagnostics) {
    out.BeginObject().Field("file", diagnostic.file).Field("line", diagnostic.line);
    out.Field("column", diagnostic.column).Field("message", diagnostic.message).EndObject();
  }
  out.EndArray().Key("lines").BeginArray();
  for (const EvidenceLine& line : evidence.lines) {
    out.BeginObject()
        .Field("n", line.n)
        .Field("text", line.text)
        .Field("role", line.role)
        .EndObject();
  }
  out.EndArray().EndObject();
}

}  // namespace regreen
