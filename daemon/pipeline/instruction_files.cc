#include "daemon/pipeline/instruction_files.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostFiles = 200, kMostFileBytes = 64 << 10, kMostList = 4 << 20;
constexpr absl::Duration kTimeout = absl::Minutes(1);

// The commit, then every path with its blob, each ended by a NUL.
constexpr char kList[] = "git rev-parse HEAD | tr '\\n' '\\0'; git ls-tree -r -z --full-tree HEAD";

constexpr std::string_view kNames[] = {"CLAUDE.md",
                                       "CLAUDE.local.md",
                                       "AGENTS.md",
                                       "AGENTS.override.md",
                                       "AGENT.md",
                                       "GEMINI.md",
                                       "QWEN.md",
                                       "CRUSH.md",
                                       "WARP.md",
                                       ".mcp.json",
                                       "mcp.json",
                                       "opencode.json",
                                       "opencode.jsonc",
                                       "crush.json",
                                       ".cursorrules",
                                       ".windsurfrules",
                                       ".clinerules",
                                       ".goosehints",
                                       ".rules",

                                       ".roomodes",
                                       ".roorules",
                                       "copilot-instructions.md"};
constexpr std::string_view kFolders[] = {
    ".claude", ".codex",      ".cursor",   ".gemini", ".opencode", ".windsurf",
    ".cline",  ".clinerules", ".continue", ".roo",    ".qwen",     ".crush",
    ".goose",  ".agents",     ".kiro",     ".junie",  ".amazonq",  ".zed"};

bool IsHex(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

bool InstructsAgents(std::string_view path) {
  const std::string lower = Lower(path);
  const std::vector<std::string_view> parts = Split(lower, '/');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto is = [&](std::string_view name) { return Lower(name) == parts[i]; };
    const bool last = i + 1 == parts.size();
    if (last ? std::any_of(std::begin(kNames), std::end(kNames), is) ||
                   parts[i].starts_with(".aider")
             : std::any_of(std::begin(kFolders), std::end(kFolders), is))
      return true;
  }
  return lower.starts_with(".github/instructions/") || lower.starts_with(".github/prompts/") ||
         lower.starts_with(".github/agents/");
}

StatusOr<std::optional<std::string>> InstructionMask::Run(const std::string& command,
                                                          const std::string& input) {
  ExecSpec spec;
  spec.command = command;
  spec.input = input;
  spec.timeout = kTimeout;
  spec.max_output_bytes = kMostList;
  if (input.size() > kMostInput) return std::optional<std::string>();
  ASSIGN_OR_RETURN(const ExecResult result, bench_.Run(workspace_, spec));
  if (result.exit_code != 0 || result.timed_out || result.output_truncated)
    return std::optional<std::string>();
  return std::optional(result.output);
}

StatusOr<std::string> InstructionMask::Put() {
  if (!bench_.base_file()) return std::string();
  ASSIGN_OR_RETURN(const auto listed, Run(kList, ""));
  const std::vector<std::string_view> entries =
      listed ? Split(*listed, '\0') : std::vector<std::string_view>();
  if (entries.empty() || !IsHex(entries[0]))
    return std::string("the files that instruct agents could not be listed");
  head_ = entries[0];
  std::string script = "set -e\n";
  for (std::size_t i = 1; i < entries.size(); ++i) {
    const std::size_t tab = entries[i].find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string path(entries[i].substr(tab + 1));
    if (!InstructsAgents(path)) continue;
    if (masked_.size() >= kMostFiles) return std::string("too many files here instruct agents");
    masked_.push_back(path);
    ASSIGN_OR_RETURN(const auto base, bench_.base_file()(path, kMostFileBytes));
    const std::string quoted = ShellQuoted(path);
    Append(script, "git update-index --skip-worktree -- ", quoted, "\nrm -rf -- ", quoted, "\n");
    if (base) {
      Append(script, "printf %s '", absl::Base64Escape(*base), "' | base64 -d > ", quoted, "\n");
    }
  }
  if (masked_.empty()) return std::string();
  ASSIGN_OR_RETURN(const auto done, Run("sh", script));
  if (!done) return std::string("the files that instruct agents could not be set aside");
  RETURN_IF_ERROR(
      bench_.log().Note("note", Cat("agents are shown the base branch's, not the pull request's: ",
                                    Truncate(Join(masked_, ", "), 1000))));
  return std::string();
}

StatusOr<std::string> InstructionMask::TakeOff() {
  if (masked_.empty()) return std::string();
  std::string script = "set -e\n";
  for (const std::string& path : masked_) {
    const std::string quoted = ShellQuoted(path);
    Append(script, "git update-index --no-skip-worktree -- ", quoted, " || :\nrm -rf -- ", quoted,
           "\ngit checkout -q -f ", head_, " -- ", quoted, "\n");
  }
  ASSIGN_OR_RETURN(const auto done, Run("sh", script));
  return std::string(done ? "" : "the files that instruct agents could not be put back");
}

}  // namespace regreen
