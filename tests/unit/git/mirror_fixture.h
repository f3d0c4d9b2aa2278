// A mirror of a repository that the git program made.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "adapters/git/git.h"
#include "daemon/base/text.h"
#include "tests/support/git_fixture.h"
#include "tests/support/paths.h"

namespace regreen {

class MirrorTest : public testing::Test {
 protected:
  void SetUp() override {
    git_.Write("a.txt", "one\n");
    git_.Write("folder/b.txt", "two\n");
    first_ = git_.Commit("first");
    remote_ = git_.CloneBare();
    options_ = {git_.NewFolder("mirrors"), GitChild(), "", absl::Minutes(1)};
  }
  std::unique_ptr<Mirror> NewMirror() const { return NewGitMirror(options_); }
  std::string CommitOn(const std::string& ref) {
    git_.Write("a.txt", Cat("changed for ", ref, ", ", ++changes_, "\n"));
    const std::string id = git_.Commit("later");
    git_.Git({"push", "-q", remote_, Cat("+HEAD:", ref)});
    return id;
  }
  GitRemote Local() const { return {remote_, "", {}}; }

  GitFixture git_;
  std::string first_, remote_;
  int changes_ = 0;
  GitOptions options_;
};

}  // namespace regreen
