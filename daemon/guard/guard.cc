#include "daemon/guard/guard.h"

#include <map>

#include "daemon/base/text.h"
#include "daemon/guard/checks.h"

namespace regreen {
namespace {

constexpr std::size_t kMostFindings = 100;

// The bytes are what is applied, the list is what people and the publisher see: they must agree.
// Modes that the bytes leave out are taken from the list.
void CheckAgreement(const Patch& patch, std::span<FileText> files, Findings& out) {
  std::map<std::string_view, const FileChange*> listed;
  for (const FileChange& change : patch.files) listed.emplace(change.path, &change);
  std::map<std::string_view, int> seen;
  for (FileText& file : files) {
    if (seen[file.path]++ > 0) {
      out.push_back({"format", ShownPath(file.path), 0, "the patch changes this file twice."});
      continue;
    }
    const auto entry = listed.find(file.path);
    if (entry == listed.end()) {
      out.push_back({"format", ShownPath(file.path), 0,
                     "the patch changes this file, but does not list it."});
      continue;
    }
    const FileChange& change = *entry->second;
    if (file.new_mode == 0) file.new_mode = change.new_mode;
    if (file.old_mode == 0) file.old_mode = change.old_mode;
    const bool other_mode =
        change.kind != FileChange::Kind::kDeleted && change.new_mode != file.new_mode;
    if (change.kind != file.kind || other_mode) {
      out.push_back({"format", ShownPath(file.path), 0,
                     "the patch lists another kind of change than it holds."});
    }
  }
  for (const FileChange& change : patch.files) {
    if (!seen.contains(change.path)) {
      out.push_back({"format", ShownPath(change.path), 0,
                     "the patch lists this file, but does not change it."});
    }
  }
}

void Cap(Findings& findings) {
  if (findings.size() <= kMostFindings) return;
  const std::size_t more = findings.size() - kMostFindings;
  findings.resize(kMostFindings);
  findings.push_back({"more", "", 0, Cat("and ", more, " more findings.")});
}

}  // namespace

Verdict Judge(const Patch& patch, const Plan& plan, const GuardRules& rules) {
  Verdict verdict;
  if (patch.empty()) {
    verdict.findings.push_back(
        {"empty", "", 0, "nothing was changed, so there is nothing to propose."});
    return verdict;
  }
  auto files = ReadPatchText(patch.bytes);
  if (!files.ok()) {
    verdict.findings.push_back({"format", "", 0, Cat(Message(files.status()), ".")});
    return verdict;
  }
  CheckAgreement(patch, *files, verdict.findings);
  for (const FileText& file : *files) {
    CheckName(file, plan, verdict.findings);
    CheckModes(file, verdict.findings);
    CheckPlace(file, plan, rules, verdict.findings);
    CheckAddedText(file, rules, verdict.findings);
  }
  CheckSize(*files, plan, verdict.findings);
  Cap(verdict.findings);
  verdict.allowed = verdict.findings.empty();
  return verdict;
}

}  // namespace regreen
