// The guard's checks, one for each family of findings; private to the guard.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/domain/patch.h"
#include "daemon/domain/plan.h"
#include "daemon/guard/known_secrets.h"
#include "daemon/guard/patch_text.h"
#include "daemon/guard/rules.h"

namespace regreen {

using Findings = std::vector<Finding>;

// How often each text was taken out, less how often it was added; without blanks, which a formatter
// moves about.
using Balance = std::map<std::string, int>;

// A path for a finding: printable, capped.
std::string ShownPath(std::string_view path);
std::string WithoutBlanks(std::string_view text);
bool MatchesAny(const std::vector<std::string>& globs, std::string_view path);
bool Applies(const FileGlobs& globs, std::string_view path);
bool Allows(const Plan& plan, std::string_view rule);
// A finding by a rule; `sentence` begins it: "the patch adds x, which".
Finding Found(const GuardRule& rule, std::string_view path, int line, std::string_view sentence);

// The path itself: nothing that another system could read as a path elsewhere, or as git's own
// files.
void CheckName(const FileText& file, const Plan& plan, Findings& out);
// Regular files only: no submodules or special bits, and no links but those within the tree that a
// template allows.
void CheckModes(const FileText& file, const Plan& plan, Findings& out);
// Where the template lets patches go, and what is protected whatever it lets.
void CheckPlace(const FileText& file, const Plan& plan, const GuardRules& rules, Findings& out);

// What the deleted files held of one rule's matches: it may stand elsewhere now. Found out when it
// is asked for first; what was taken from it is gone for all files.
class DeletedText {
 public:
  explicit DeletedText(std::span<const FileText> files) : files_(files) {}
  Balance& Of(const AddedText& rule);

 private:
  std::span<const FileText> files_;
  std::optional<Balance> balance_;
};

// What added lines say. `deleted` has one for each rule.
void CheckAddedText(const FileText& file, const Plan& plan, const GuardRules& rules,
                    std::span<DeletedText> deleted, Findings& out);
// The matches of one rule, whatever the file: for files, texts and examples.
void CheckAdded(const AddedText& rule, const FileText& file, DeletedText& deleted, Findings& out);
// Secrets that are known, in names and in added lines, also where they are broken by line ends.
void CheckKnownSecrets(const FileText& file, const KnownSecrets& secrets, Findings& out);
// What nobody reads, and what looks random.
void CheckShape(const FileText& file, const Plan& plan, const GuardRules& rules, Findings& out);
bool LooksRandom(const RandomText& rule, std::string_view line);

// Files that are gone or changed alone, fewer tests and assertions, weaker ones, wider numbers.
void CheckTests(std::span<const FileText> files, const Plan& plan, const GuardRules& rules,
                Findings& out);
bool Counts(const FewerLines& rule, std::string_view line);
void CheckLoosened(const LoosenedText& rule, const FileText& file, Findings& out);
void CheckNumbers(const MovedNumber& rule, const FileText& file, Findings& out);

// The size of the whole.
void CheckSize(std::span<const FileText> files, const Plan& plan, Findings& out);

}  // namespace regreen
