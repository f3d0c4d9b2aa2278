// What leaves a workspace is a patch. What must not be in one is refused where it is captured, or
// by the guard, with a reason.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/guard/guard.h"
#include "tests/canary/suite/canary.h"
#include "tests/canary/suite/plain.h"
#include "tests/support/shipped_files.h"

namespace regreen::canary {
namespace {

using testing::HasSubstr;

const GuardRules& Shipped() {
  static const auto rules = [] {
    std::vector<GuardSource> sources;
    for (const ShippedFile& file : ShippedFiles("guard")) sources.push_back({file.path, file.text});
    Problems problems;
    return GuardRules::Load(sources, problems);
  }();
  return *rules;
}

class PatchTest : public CanaryTest, public testing::WithParamInterface<PatchRoute> {
 protected:
  // A secret that the route was told, as if it had found one.
  std::string Told(std::string text) const {
    constexpr std::string_view kStolen = "$STOLEN";
    const std::size_t at = text.find(kStolen);
    return at == std::string::npos ? text : text.replace(at, kStolen.size(), stolen_);
  }
  Verdict Judged(const Patch& patch) const {
    const Secret known[] = {Secret(stolen_)};
    const KnownSecrets secrets(known);
    return Judge(patch, Plan(), Shipped(), &secrets);
  }
  StatusOr<Patch> Captured(const std::string& command, bool overlay) {
    Hostile::Kind* kind = hostile_->Of(overlay);
    if (kind == nullptr) return Unavailable("there is no sandbox");
    ASSIGN_OR_RETURN(auto workspace, kind->factory->Open(hostile_->Spec({}, nullptr), {}));
    ExecSpec spec;
    spec.command = command;
    spec.env = {{"STOLEN", stolen_}};
    ASSIGN_OR_RETURN(const ExecResult result, workspace->Exec(spec, {}));
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return workspace->Capture({});
  }

  const std::string stolen_ = "Kp5canary0fThe9Patch";
};

TEST_P(PatchTest, IsRefused) {
  const PatchRoute& route = GetParam();
  const std::string folder = outside().PlainFolder();
  const std::string output =
      RunPlain(route.command, folder, {{"STOLEN", stolen_}}, absl::Seconds(20));
  struct stat info;
  ASSERT_EQ(lstat(Cat(folder, "/", Told(route.makes)).c_str(), &info), 0)
      << "the attempt itself does not work: " << output;
  for (const bool overlay : {true, false}) {
    const auto patch = Captured(route.command, overlay);
    if (IsSkipped()) return;
    if (route.refused_by == "capture") {
      ASSERT_EQ(patch.status().code(), StatusCode::kInvalidArgument) << patch.status();
      EXPECT_THAT(Message(patch.status()), HasSubstr(route.says));
      continue;
    }
    ASSERT_TRUE(patch.ok()) << patch.status();
    const Verdict verdict = Judged(*patch);
    EXPECT_FALSE(verdict.allowed) << patch->bytes;
    std::string refusals;
    for (const Finding& finding : verdict.findings)
      if (finding.severity == Severity::kRefuse) Append(refusals, ToString(finding), "\n");
    EXPECT_THAT(refusals, HasSubstr(Cat("refused by ", route.refused_by, ":")));
    EXPECT_THAT(refusals, HasSubstr(route.says));
    EXPECT_EQ(refusals.find(stolen_), std::string::npos) << "the reason tells the secret";
    EXPECT_EQ(refusals.find('\033'), std::string::npos) << "the reason paints the terminal";
  }
  if (!HasFailure())
    Tell(route.name, route.tries, Cat("refused by ", route.refused_by),
         "is there where nothing holds it");
}

INSTANTIATE_TEST_SUITE_P(Patch, PatchTest, testing::ValuesIn(PatchRoutes()),
                         [](const auto& route) { return route.param.name; });

using HonestPatchTest = PatchTest;
TEST_P(HonestPatchTest, IsNotRefused) {
  for (const bool overlay : {true, false}) {
    const auto patch = Captured(GetParam().command, overlay);
    if (IsSkipped()) return;
    ASSERT_TRUE(patch.ok()) << patch.status();
    const Verdict verdict = Judged(*patch);
    EXPECT_TRUE(verdict.allowed) << (verdict.findings.empty() ? "" : ToString(verdict.findings[0]));
  }
}
INSTANTIATE_TEST_SUITE_P(Patch, HonestPatchTest,
                         testing::Values(PatchRoute{
                             "a_repair", "", "echo three >> a.txt; echo new > folder/new.txt", "",
                             "", ""}),
                         [](const auto& route) { return route.param.name; });

}  // namespace
}  // namespace regreen::canary
