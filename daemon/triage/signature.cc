#include "daemon/triage/signature.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>
#include <vector>

#include "daemon/base/hash.h"
#include "daemon/base/regex.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxPart = 240;

struct Replacement {
  const char* pattern;
  const char* with;
};

// Where CI systems check out, up to the repository's own folder.
constexpr Replacement kCheckouts[] = {
    {R"((?:/home/runner/work|/Users/runner/work|/__w|/github/workspace/work)/[^/\s:]+/[^/\s:]+/)",
     ""},
    {R"(/github/workspace/)", ""},
    {R"([A-Za-z]:[/\\]+(?:a|actions-runner[/\\]+_work|agent[/\\]+_work)[/\\]+[^/\\\s:]+[/\\]+[^/\\\s:]+[/\\]+)",
     ""},
    {R"((?:/[\w.-]+)*/_work/[^/\s:]+/[^/\s:]+/)", ""},
    {R"(/builds/[^/\s:]+/[^/\s:]+/)", ""},
    {R"(/home/travis/build/[^/\s:]+/[^/\s:]+/)", ""},
    {R"(/home/circleci/(?:project|repo|[^/\s:]+)/)", ""},
    {R"((?:/[\w.-]+)*/(?:jenkins|\.jenkins)(?:_home)?/(?:jobs/[^/\s:]+/)?workspace/[^/\s:]+/)", ""},
    {R"((?:/[\w.-]+)*/buildkite-agent/builds/[^/\s:]+/[^/\s:]+/[^/\s:]+/)", ""},
    {R"((?:/[\w.-]+)*/vsts/work/\d+/s/)", ""},
    {R"(/opt/atlassian/pipelines/agent/build/)", ""},
    {R"(C:[/\\]+projects[/\\]+[^/\\\s:]+[/\\]+)", ""},
    {R"((^|[\s'"(=:])/(?:workspace|workdir|src|app|code|work|repo|project)/)", R"(\1)"},
    {R"((?:/private)?(?:/tmp|/var/tmp|/var/folders)/[^\s:'"),;\]]+)", "<tmp>"},
    {R"((?:/home|/Users)/[^/\s:]+/)", "~/"},
    {R"([A-Za-z]:[/\\]+Users[/\\]+[^/\\\s:]+[/\\]+AppData[/\\]+Local[/\\]+Temp[/\\]+[^\s:'"),;\]]+)",
     "<tmp>"},
    {R"([A-Za-z]:[/\\]+Users[/\\]+[^/\\\s:]+[/\\]+)", "~/"},
};

constexpr Replacement kChanging[] = {
    {R"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)?)", "<time>"},
    {R"(\b\d{8}T\d{6}Z?\b)", "<time>"},
    {R"(\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? (?:\d{1,2} )?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?(?: +\d{1,2}\b)?,?)",
     "<time>"},
    {R"(\b\d\d?:\d\d:\d\d(?:[.,]\d+)?\b)", "<time>"},
    {R"(\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)", "<id>"},
    {R"(\b0[xX][0-9a-fA-F]+\b)", "<address>"},
    {R"(\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d+)?\b)", "<address>"},
    {R"(\b(?:\d+h ?)?\d+m ?\d+(?:\.\d+)?s\b)", "<time>"},
    {R"(\b\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|secs?|seconds?|mins?|minutes?|hours?)\b)", "<time>"},
    {R"(\b\d+(?:\.\d+)?\s?(?:[KMGT]i?B|[kKMG]B|bytes)\b)", "<size>"},
    // The JVM's identities, Kubernetes' pods, pytest's workers, releases.
    {R"(@[0-9a-f]{4,8}\b)", "@<hash>"},
    {R"(-[0-9a-f]{8,10}-[a-z0-9]{5}\b)", "-<id>"},
    {R"(\bgw\d+\b)", "gw<n>"},
    {R"(\bv\d+(?:\.\d+)+\b)", "v<n>"},
    {R"([‘’`´])", "'"},
    {R"([“”])", "\""},
};

// What changes in names, where numbers tell tests apart.
constexpr Replacement kMoving[] = {
    {R"(^([\w$]+)\(((?:\w+\.)+[A-Z][\w$]*)\)$)", R"(\2.\1)"},  // "works(org.acme.FooTest)"
    {R"( at 0x[0-9a-fA-F]+)", " at <address>"},
    {R"(\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b)", "<id>"},
    {R"((\.\w+):\d+(?::\d+)?( ›|$))", R"(\1\2)"},  // "a.spec.ts:3:5 › works", "a.feature:12"
    {R"((\.feature):\d+)", R"(\1)"},
    {R"( \(line \d+\))", ""},  // rustdoc's "src/a.rs - f (line 12)"
};

using Table = std::vector<std::pair<Regex, std::string>>;

template <std::size_t N>
Table CompileTable(const Replacement (&replacements)[N]) {
  Table table;
  for (const Replacement& replacement : replacements) {
    auto regex = Regex::Compile(replacement.pattern);
    if (regex.ok()) table.emplace_back(*std::move(regex), replacement.with);
  }
  return table;
}

std::string Replace(const Table& table, std::string_view text) {
  std::string out(text);
  for (const auto& [regex, with] : table) {
    if (regex.Contains(out)) out = regex.ReplaceAll(out, with);
  }
  return out;
}

std::string WithoutCheckout(std::string_view text) {
  static const Table table = CompileTable(kCheckouts);
  return Replace(table, text);
}

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || (c & 0x80) != 0;
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsHex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c));
}

// A number behind one of these is a name, not a count.
bool NamesNumber(std::string_view before) {
  static constexpr std::array<std::string_view, 9> kWords = {
      "http", "status", "code", "error", "errno", "signal", "exit", "rule", "returned"};
  const std::string word = Lower(before);
  return std::ranges::find(kWords, word) != kWords.end();
}

// What stands for a word that changes, or the word.
std::string_view StableWord(std::string_view word, std::string_view before) {
  const bool digits = std::ranges::any_of(word, IsDigit);
  if (digits && std::ranges::all_of(word, IsDigit)) return NamesNumber(before) ? word : "<n>";
  if (digits && word.size() >= 7 && std::ranges::all_of(word, IsHex)) return "<hash>";
  return word;
}

std::string StableWords(std::string_view text) {
  std::string out;
  std::string_view before;
  for (std::size_t i = 0; i < text.size();) {
    if (!IsWord(text[i])) {
      const char c = text[i++];
      // Runs of spaces say nothing.
      if ((c == ' ' || c == '\t') && (out.empty() || out.back() == ' ')) continue;
      out.push_back(c == '\t' ? ' ' : c);
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && IsWord(text[end])) ++end;
    const std::string_view word = text.substr(i, end - i);
    const std::string_view stable = StableWord(word, before);
    // "1.25.3", "3/8" and "1,024" are one number.
    if (stable == "<n>" && out.size() > 3 &&
        std::string_view(out).substr(0, out.size() - 1).ends_with("<n>") &&
        std::string_view("./,:-x").find(out.back()) != std::string_view::npos) {
      out.pop_back();
    } else {
      out += stable;
    }
    before = word;
    i = end;
  }
  return std::string(Trim(out));
}

std::string Slashes(std::string text) {
  std::ranges::replace(text, '\\', '/');
  return text;
}

// "works (mod.Case.works)" of Python 3.11 is "works (mod.Case)" of those before it.
std::string WithoutDouble(std::string text) {
  const std::size_t open = text.find(" (");
  const std::size_t close = text.find(')', open == std::string::npos ? text.size() : open);
  if (close == std::string::npos) return text;
  const std::string method = Cat(".", std::string_view(text).substr(0, open));
  if (std::string_view(text).substr(0, close).ends_with(method))
    text.erase(close - method.size(), method.size());
  return text;
}

// Tools cut a message at the terminal's width: the last, broken word goes.
std::string_view WithoutCut(std::string_view text) {
  constexpr std::string_view kDots = "...";
  if (!text.ends_with(kDots)) return text;
  text.remove_suffix(kDots.size());
  const std::size_t space = text.find_last_of(' ');
  return text.substr(0, space == std::string_view::npos ? 0 : space);
}

}  // namespace

std::string StableMessage(std::string_view message) {
  static const Table changing = CompileTable(kChanging);
  return StableWords(
      Replace(changing, WithoutCheckout(Truncate(WithoutCut(Trim(message)), 4 * kMaxPart))));
}

std::string StableName(std::string_view name) {
  static const Table moving = CompileTable(kMoving);
  std::string stable =
      WithoutDouble(Replace(moving, WithoutCheckout(Truncate(name, 4 * kMaxPart))));
  // A backslash is a folder's on Windows, but part of a PHP class name, which has no dot.
  const std::size_t colons = stable.find("::");
  if (colons == std::string::npos || stable.find('.') < colons) stable = Slashes(std::move(stable));
  while (stable.starts_with("./")) stable.erase(0, 2);
  return std::string(Trim(stable));
}

std::string MakeSignature(std::string_view tool, std::string_view subject,
                          std::string_view detail) {
  std::string signature;
  if (!tool.empty()) Append(signature, tool, ": ");
  signature += Truncate(subject, kMaxPart);
  if (!detail.empty()) Append(signature, subject.empty() ? "" : " — ", Truncate(detail, kMaxPart));
  return signature;
}

std::string MakeFingerprint(FailureClass failure_class, std::string_view signature) {
  return Sha256Hex(Cat(ToString(failure_class), "\n", signature));
}

}  // namespace regreen
