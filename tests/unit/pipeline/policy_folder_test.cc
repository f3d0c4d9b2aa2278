// Which files of a policy folder are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/pipeline/policies.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

class PolicyFolder : public ::testing::Test {
 protected:
  PolicyFolder() {
    for (const char* name : {"templates", "rules", "guard"}) Make(name);
    Write(
        "templates/x.toml",
        "name = \"x\"\nextends = \"base/b\"\n[[step]]\nagent = \"a\"\nprompt = \"prompts/p.md\"\n");
  }
  ~PolicyFolder() override { std::filesystem::remove_all(folder_); }
  void Make(const std::string& name) { std::filesystem::create_directories(folder_ / name); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }

  std::filesystem::path folder_ = MakeFolder();

 private:
  static std::filesystem::path MakeFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "regreen-policies-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    return name;
  }
};

TEST_F(PolicyFolder, HasBasesAndPromptsByTheirNames) {
  Make("base");
  Make("prompts");
  Write("base/b.toml", "priority = 7\n");
  Write("base/README.md", "not a base");
  Write("prompts/p.md", "Repair {{job}}.");
  Problems problems;
  const Policies policies = LoadPolicyFolder(folder_, problems);
  ASSERT_NE(policies.templates, nullptr) << problems.Render();
  const Template* t = policies.templates->Find("x");
  ASSERT_NE(t, nullptr);
  EXPECT_EQ(t->priority, 7);
  EXPECT_EQ(t->steps[0].text, "Repair {{job}}.");
  EXPECT_EQ(PlaceOf(*t, "priority").file, (folder_ / "base/b.toml").string());
}

TEST_F(PolicyFolder, NeedNotHaveThem) {
  Problems problems;
  EXPECT_EQ(LoadPolicyFolder(folder_, problems).templates, nullptr);
  EXPECT_THAT(problems.Render(), HasSubstr("there is no base \"base/b\""));
  Write("templates/x.toml", "name = \"x\"\n[[step]]\nrun = \"true\"\n");
  Problems none;
  EXPECT_NE(LoadPolicyFolder(folder_, none).templates, nullptr) << none.Render();
}

TEST_F(PolicyFolder, SaysWhereRulesAndGuardComeFromWhenTheyAreMissing) {
  std::filesystem::remove(folder_ / "guard");
  Problems problems;
  EXPECT_EQ(LoadPolicyFolder(folder_, problems).templates, nullptr);
  EXPECT_THAT(problems.Render(), HasSubstr("a copy of the shipped one"));
}

}  // namespace
}  // namespace regreen
