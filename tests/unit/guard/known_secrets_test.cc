#include "daemon/guard/known_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/hash.h"
#include "tests/unit/guard/patches.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kToken = "tok/en+with?signs&0123456789";

KnownSecrets Known(const std::string& value = kToken) {
  const Secret secret(value);
  return KnownSecrets(std::span(&secret, 1));
}

TEST(KnownSecrets, FindsASecretInEveryForm) {
  const KnownSecrets known = Known();
  EXPECT_EQ(known.Find(Cat("x = ", kToken)), 4u);
  EXPECT_TRUE(known.Find(HexEncode(kToken)));
  EXPECT_TRUE(known.Find(PercentEncode(kToken)));
  EXPECT_TRUE(known.Find(Lower(PercentEncode(kToken)).replace(0, 3, "tok")));
  for (const char* before : {"", "u", "us", "user:", "x-access-token:"}) {
    std::string encoded = Base64Encode(Cat(before, kToken, "@"));
    EXPECT_TRUE(known.Find(encoded)) << before;
    for (char& c : encoded) c = c == '+' ? '-' : c == '/' ? '_' : c;
    EXPECT_TRUE(known.Find(encoded)) << before << " for URLs";
  }
}

TEST(KnownSecrets, FindsNothingElse) {
  const KnownSecrets known = Known();
  EXPECT_FALSE(known.Find(kToken.substr(1)));
  EXPECT_FALSE(known.Find(kToken.substr(0, kToken.size() - 1)));
  EXPECT_FALSE(known.Find(""));
  EXPECT_FALSE(KnownSecrets().Find(kToken));
  EXPECT_TRUE(Known("short").empty()) << "such a word may stand anywhere";
}

TEST(KnownSecrets, FindsEachLineOfAKey) {
  const std::string line(64, 'k');
  const KnownSecrets known =
      Known(Cat("-----BEGIN KEY-----\n", line, "\nshort\n-----END KEY-----\n"));
  EXPECT_TRUE(known.Find(Cat("  ", line)));
  EXPECT_FALSE(known.Find("-----BEGIN KEY-----"));
  EXPECT_FALSE(known.Find("short"));
}

TEST(KnownSecrets, ARefusedPatchNeverRepeatsOne) {
  const KnownSecrets known = Known();
  const std::string encoded = Base64Encode(kToken);
  const struct {
    const char* name;
    Lines lines;
    int line;
  } cases[] = {
      {"as it is", {"a", kToken}, 2},
      {"encoded", {"a", "b", encoded}, 3},
      {"broken in two", {"a", "  " + encoded.substr(0, 20), "  " + encoded.substr(20)}, 2},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    PatchBuilder b;
    b.Add("a.txt", c.lines);
    Plan plan = PlanFor({"**"});
    plan.guard_allow = {"known-secret", "random-text"};
    const Verdict verdict = Judge(b.patch, plan, ShippedRules(), &known);
    ASSERT_EQ(verdict.findings.size(), 1u);
    EXPECT_EQ(verdict.findings[0].rule, "known-secret");
    EXPECT_EQ(verdict.findings[0].line, c.line);
    EXPECT_FALSE(verdict.allowed);
    EXPECT_THAT(ToString(verdict.findings[0]), Not(HasSubstr("tok/en")));
  }
}

TEST(KnownSecrets, ANameOfAFileCanHoldOne) {
  const KnownSecrets known = Known("abcdefgh12345678");
  PatchBuilder b;
  b.Add("a/abcdefgh12345678", {"x"});
  const Verdict verdict = Judge(b.patch, PlanFor(), ShippedRules(), &known);
  ASSERT_EQ(verdict.findings.size(), 1u);
  EXPECT_THAT(ToString(verdict.findings[0]), Not(HasSubstr("abcdefgh")));
}

TEST(JudgeText, RefusesSecretsAndWhatCannotBeSeen) {
  const KnownSecrets known = Known();
  const auto rules = [&](std::string_view text) {
    const PublishedText one{"the change's title", text};
    const Verdict verdict = JudgeText(std::span(&one, 1), ShippedRules(), &known);
    std::vector<std::string> names;
    for (const Finding& finding : verdict.findings) names.push_back(finding.rule);
    EXPECT_EQ(verdict.allowed, names.empty());
    return names;
  };
  EXPECT_THAT(rules("Format the code"), IsEmpty());
  EXPECT_THAT(rules("pytest || true, and it.skip('x')"), IsEmpty()) << "words of a change";
  EXPECT_THAT(rules(Cat("use ", kToken)), ElementsAre("known-secret"));
  EXPECT_THAT(rules(Cat("a\nb ", HexEncode(kToken))), ElementsAre("known-secret"));
  EXPECT_THAT(rules("use ghp_" + std::string(36, 'a')), ElementsAre("secret"));
  EXPECT_THAT(rules("a\u202Eb"), ElementsAre("invisible-text"));
}

}  // namespace
}  // namespace regreen
