// Patches as the trusted side captures them, and the rules that are shipped.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "daemon/guard/guard.h"
#include "tests/support/paths.h"

namespace regreen {

inline const GuardRules& ShippedRules() {
  static const std::shared_ptr<const GuardRules> rules = [] {
    std::vector<GuardSource> sources;
    for (const char* name : {"default.toml", "secrets.toml", "tests.toml"}) {
      const auto text = ReadFile(Cat(SourceFolder(), "/policies/guard/", name), 1 << 20);
      sources.push_back({name, text.ok() ? *text : ""});
    }
    Problems problems;
    auto loaded = GuardRules::Load(sources, problems);
    EXPECT_NE(loaded, nullptr) << problems.Render();
    return loaded;
  }();
  return *rules;
}

using Lines = std::vector<std::string>;

struct PatchBuilder {
  Patch patch{"0123456789012345678901234567890123456789", "", "", {}};

  PatchBuilder& Modify(const std::string& path, const Lines& removed, const Lines& added,
                       unsigned mode = 0100644) {
    Append(patch.bytes, "diff --git a/", path, " b/", path, "\nindex 1111111..2222222 ",
           Octal(mode), "\n--- a/", path, "\n+++ b/", path, "\n@@ -5,", removed.size(), " +5,",
           added.size(), " @@\n");
    return Body(path, FileChange::Kind::kModified, removed, added, mode, mode);
  }
  PatchBuilder& Add(const std::string& path, const Lines& added, unsigned mode = 0100644) {
    Append(patch.bytes, "diff --git a/", path, " b/", path, "\nnew file mode ", Octal(mode),
           "\nindex 0000000..2222222\n--- /dev/null\n+++ b/", path, "\n@@ -0,0 +1,", added.size(),
           " @@\n");
    return Body(path, FileChange::Kind::kAdded, {}, added, 0, mode);
  }
  PatchBuilder& Delete(const std::string& path, unsigned mode = 0100644) {
    Append(patch.bytes, "diff --git a/", path, " b/", path, "\ndeleted file mode ", Octal(mode),
           "\nindex 1111111..0000000\n--- a/", path, "\n+++ /dev/null\n@@ -1 +0,0 @@\n");
    return Body(path, FileChange::Kind::kDeleted, {"x"}, {}, mode, 0);
  }
  // A file that had these lines.
  PatchBuilder& Remove(const std::string& path, const Lines& removed) {
    Append(patch.bytes, "diff --git a/", path, " b/", path,
           "\ndeleted file mode 100644\nindex 1111111..0000000\n--- a/", path,
           "\n+++ /dev/null\n@@ -1,", removed.size(), " +0,0 @@\n");
    return Body(path, FileChange::Kind::kDeleted, removed, {}, 0100644, 0);
  }
  PatchBuilder& Binary(const std::string& path) {
    Append(patch.bytes, "diff --git a/", path, " b/", path,
           "\nindex 1111111..2222222 100644\nGIT binary patch\nliteral 3\nKcmZQ@\n\nliteral "
           "3\nKcmZQ@\n\n");
    patch.files.push_back({FileChange::Kind::kModified, path, 0100644, 0100644, true, 0, 0});
    return *this;
  }

 private:
  static std::string Octal(unsigned mode) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%o", mode);
    return digits;
  }
  PatchBuilder& Body(const std::string& path, FileChange::Kind kind, const Lines& removed,
                     const Lines& added, unsigned old_mode, unsigned new_mode) {
    for (const std::string& line : removed) Append(patch.bytes, "-", line, "\n");
    for (const std::string& line : added) Append(patch.bytes, "+", line, "\n");
    patch.files.push_back({kind, path, old_mode, new_mode, false, static_cast<int>(added.size()),
                           static_cast<int>(removed.size())});
    return *this;
  }
};

inline Plan PlanFor(const std::vector<std::string>& paths = {}) {
  Plan plan;
  plan.guard_paths = paths;
  return plan;
}

inline std::vector<std::string> RulesFound(const Patch& patch, const Plan& plan) {
  const Verdict verdict = Judge(patch, plan, ShippedRules(), nullptr);
  std::vector<std::string> names;
  for (const Finding& finding : verdict.findings) {
    names.push_back(finding.rule);
    EXPECT_TRUE(finding.reason.ends_with('.')) << finding.reason;
  }
  const auto refuses = [](const Finding& f) { return f.severity == Severity::kRefuse; };
  EXPECT_EQ(verdict.allowed, std::ranges::none_of(verdict.findings, refuses));
  EXPECT_EQ(verdict.needs_person, !std::ranges::all_of(verdict.findings, refuses));
  return names;
}

}  // namespace regreen
