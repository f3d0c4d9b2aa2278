#include "daemon/pipeline/change_text.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxTitleBytes = 120;
constexpr std::size_t kMaxEvidenceBytes = 4000;
constexpr std::size_t kMaxCommandBytes = 2000;
constexpr std::size_t kMaxFilesShown = 30;
constexpr std::size_t kMaxNameBytes = 200;

std::size_t LongestRun(std::string_view text, char c) {
  std::size_t longest = 0, run = 0;
  for (const char at : text) {
    run = at == c ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

std::string EvidenceText(const Task& task) {
  std::string text;
  for (const EvidenceLine& line : task.incident.evidence.lines) Append(text, line.text, "\n");
  return text;
}

std::string Files(const Patch& patch) {
  std::string text;
  for (std::size_t i = 0; i < patch.files.size() && i < kMaxFilesShown; ++i) {
    const FileChange& file = patch.files[i];
    Append(text, "- ", CodeSpan(file.path), " +", file.added_lines, " −", file.removed_lines, "\n");
  }
  if (patch.files.size() > kMaxFilesShown)
    Append(text, "- and ", patch.files.size() - kMaxFilesShown, " more\n");
  return text;
}

}  // namespace

std::string CodeSpan(std::string_view untrusted) {
  std::string text = EscapeControl(Truncate(Redact(untrusted), kMaxNameBytes));
  std::replace(text.begin(), text.end(), '`', '\'');
  return Cat("`", text.empty() ? "?" : text, "`");
}

std::string PlainWords(std::string_view untrusted, std::size_t max_bytes) {
  std::string out;
  const std::string safe = EscapeControl(ToValidUtf8(Redact(untrusted.substr(0, 4 * max_bytes))));
  for (const char c : safe) {
    switch (c) {
      case '@':
        out += "(at)";
        break;  // no mention
      case '#':
        out += "No.";
        break;  // no reference, and no "closes #1"
      case '<':
        out += "(";
        break;  // no HTML
      case '>':
        out += ")";
        break;
      case '`':
        out += '\'';
        break;
      case '[':
        out += "(";
        break;  // no link
      case ']':
        out += ")";
        break;
      default:
        out += c;
    }
  }
  // "closes https://…" and "closes GH-1" would close an issue as well.
  for (const auto& [from, to] : {std::pair("://", ": "), {"GH-", "GH "}, {"gh-", "gh "}}) {
    for (std::size_t at = out.find(from); at != std::string::npos; at = out.find(from, at)) {
      out.replace(at, std::string_view(from).size(), to);
    }
  }
  return Truncate(Trim(out), max_bytes);
}

std::string FencedBlock(std::string_view untrusted, std::size_t max_bytes) {
  const std::string text = EscapeControlKeepLines(Truncate(Redact(untrusted), max_bytes));
  const std::string fence(std::max<std::size_t>(LongestRun(text, '`') + 1, 3), '`');
  return Cat(fence, "text\n", text, text.ends_with('\n') ? "" : "\n", fence, "\n");
}

std::string ChangeTitle(const Task& task) {
  const std::string& title = task.plan.change_title;
  return PlainWords(title.empty() ? task.plan.title : title, kMaxTitleBytes);
}

std::string FailureText(const Task& task) {
  const RunFacts& run = task.incident.run;
  std::string body;
  Append(body, "**What failed**: ", CodeSpan(task.incident.evidence.signature), " in job ",
         CodeSpan(task.incident.job.name), " at commit `", PlainWords(run.commit, 64), "`");
  if (run.link.starts_with("https://") &&
      run.link.find_first_of(" <>()[]\n\"'`") == std::string::npos) {
    Append(body, " ([the run](", run.link, "))");
  }
  Append(body, ".\n\n", FencedBlock(EvidenceText(task), kMaxEvidenceBytes), "\n");
  return body;
}

namespace {

// Who made the patch, and for how much.
std::string WorkText(const ProofText& proof) {
  std::string text;
  if (!proof.agent.empty()) {
    Append(text, ", made by agent ", CodeSpan(proof.agent), " in ", proof.rounds,
           proof.rounds == 1 ? " round" : " rounds");
  }
  if (proof.usd > 0) Append(text, ", for $", absl::StrFormat("%.4f", proof.usd), " of model calls");
  return text;
}

// A command that people copy: with a branch, which is ours by its name.
std::string HandText(const Task& task, const ProofText& proof) {
  return Cat("**To try it**:\n\n",
             FencedBlock(Cat("git fetch origin ", BranchName(task),
                             " && git switch --detach FETCH_HEAD\n", proof.command),
                         kMaxCommandBytes + kMaxNameBytes),
             "\n**To undo it**: close it, or revert its one commit once it is merged.\n\n");
}

}  // namespace

std::string ChangeBody(const Task& task, const Patch& patch, const ProofText& proof) {
  std::string body;
  if (!task.plan.change_body.empty()) Append(body, task.plan.change_body, "\n\n");
  body += FailureText(task);
  Append(body, "**Proof**: this command failed with exit code ", proof.red_exit_code,
         " at that commit, and succeeds with this change in a fresh workspace");
  if (proof.runs > 1) Append(body, ", ", proof.runs, " times in a row");
  Append(body, ".\n\n", FencedBlock(proof.command, kMaxCommandBytes), "\n");
  Append(body, "**What changed**, by step ", CodeSpan(proof.step), " of template ",
         CodeSpan(task.plan.template_name), WorkText(proof), ":\n\n", Files(patch), "\n");
  body += HandText(task, proof);
  Append(body, "Task `", task.id, "`, patch `", patch.digest.substr(0, 16),
         "`. Push a commit to this branch and "
         "regreen leaves it to you.\n");
  return body;
}

std::string CommitMessage(const Task& task, const ProofText& proof) {
  return Cat(ChangeTitle(task), "\n\nFixes the failure ",
             PlainWords(task.incident.evidence.signature, kMaxNameBytes),
             ".\nProven by: ", PlainWords(proof.command, kMaxNameBytes),
             "\nTemplate: ", task.plan.template_name, "\nTask: ", task.id, "\n");
}

std::string TargetOf(const Task& task) {
  const std::string& target = task.plan.change_target;
  return target.empty() ? task.incident.run.branch : target;
}

std::string BranchName(const Task& task) {
  const std::string what = Cat(task.incident.evidence.fingerprint, "\n", TargetOf(task));
  return Cat("regreen/", task.plan.template_name, "-", Sha256Hex(what).substr(0, 8));
}

}  // namespace regreen
