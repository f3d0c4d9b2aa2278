#include "daemon/guard/guard.h"

#include <algorithm>
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
  std::stable_partition(findings.begin(), findings.end(), [](const Finding& finding) {
    return finding.severity == Severity::kRefuse;
  });
  const std::size_t more = findings.size() - kMostFindings;
  findings.resize(kMostFindings);
  findings.push_back({"more", "", 0, Cat("and ", more, " more findings."), Severity::kDraft});
}

Verdict Decide(Findings findings) {
  Verdict verdict;
  const auto is = [](Severity severity) {
    return [severity](const Finding& finding) { return finding.severity == severity; };
  };
  verdict.allowed = std::none_of(findings.begin(), findings.end(), is(Severity::kRefuse));
  verdict.needs_person = std::any_of(findings.begin(), findings.end(), is(Severity::kDraft));
  Cap(findings);
  verdict.findings = std::move(findings);
  return verdict;
}

Verdict RefuseWhole(std::string rule, std::string reason) {
  return Decide({{std::move(rule), "", 0, std::move(reason)}});
}

}  // namespace

Verdict Judge(const Patch& patch, const Plan& plan, const GuardRules& rules,
              const KnownSecrets* secrets) {
  if (patch.empty())
    return RefuseWhole("empty", "nothing was changed, so there is nothing to propose.");
  auto files = ReadPatchText(patch.bytes);
  if (!files.ok()) return RefuseWhole("format", Cat(Message(files.status()), "."));
  Findings findings;
  CheckAgreement(patch, *files, findings);
  std::vector<DeletedText> deleted(rules.added_text.size(), DeletedText(*files));
  for (const FileText& file : *files) {
    CheckName(file, plan, findings);
    CheckModes(file, plan, findings);
    CheckPlace(file, plan, rules, findings);
    CheckAddedText(file, plan, rules, deleted, findings);
    CheckShape(file, plan, rules, findings);
    if (secrets != nullptr) CheckKnownSecrets(file, *secrets, findings);
  }
  CheckTests(*files, plan, rules, findings);
  CheckSize(*files, plan, findings);
  return Decide(std::move(findings));
}

Verdict JudgeText(std::span<const PublishedText> texts, const GuardRules& rules,
                  const KnownSecrets* secrets) {
  Findings findings;
  for (const PublishedText& text : texts) {
    FileText as_file;
    as_file.path = text.what;
    int number = 0;
    for (const std::string_view line : SplitLines(text.text))
      as_file.lines.push_back({true, ++number, 0, line});
    if (secrets != nullptr) CheckKnownSecrets(as_file, *secrets, findings);
    DeletedText nothing({});
    for (const AddedText& rule : rules.added_text) {
      if (rule.secret || rule.texts) CheckAdded(rule, as_file, nothing, findings);
    }
  }
  return Decide(std::move(findings));
}

std::string ToString(const Finding& finding) {
  const std::string line = finding.line > 0 ? Cat(":", finding.line) : "";
  return Cat(finding.severity == Severity::kDraft ? "for a person to see, by " : "refused by ",
             finding.rule, ": ", finding.file.empty() ? "" : Cat(finding.file, line, ": "),
             finding.reason);
}

}  // namespace regreen
