// A patch that makes a test green without a repair, and its honest twin.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/guard/patches.h"

namespace regreen {

struct Cheat {
  const char* name;
  const char* rule;
  const char* path;
  Lines removed, added;
  int line;  // of the finding; hunks begin at line 5
  Lines honest_removed, honest_added;
};

inline void JudgeCheat(const Cheat& c) {
  SCOPED_TRACE(c.name);
  PatchBuilder cheat;
  cheat.Modify(c.path, c.removed, c.added);
  const Verdict verdict = Judge(cheat.patch, PlanFor(), ShippedRules(), nullptr);
  std::vector<std::string> found;
  for (const Finding& f : verdict.findings) found.push_back(Cat(f.rule, ":", f.line));
  EXPECT_THAT(found, ::testing::Contains(Cat(c.rule, ":", c.line)));
  PatchBuilder honest;
  honest.Modify(c.path, c.honest_removed, c.honest_added);
  EXPECT_THAT(RulesFound(honest.patch, PlanFor()), ::testing::IsEmpty());
}

}  // namespace regreen
