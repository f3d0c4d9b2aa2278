#include "tests/support/git_fixture.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {

namespace fs = std::filesystem;

GitFixture::GitFixture() {
  auto dir = TempDir::Create(testing::TempDir(), "git-fixture-");
  EXPECT_TRUE(dir.ok()) << dir.status();
  dir_ = std::make_unique<TempDir>(*std::move(dir));
  fs::create_directory(work());
  Git({"init", "-q", "-b", "main"});
}

std::string GitFixture::Git(const std::vector<std::string>& arguments) const {
  return GitIn(work(), arguments);
}

std::string GitFixture::GitIn(const std::string& folder,
                              const std::vector<std::string>& arguments) const {
  ProcessSpec spec;
  spec.argv = {"git"};
  spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
  spec.cwd = folder;
  spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
              {"HOME", dir_->path().string()},
              {"GIT_CONFIG_NOSYSTEM", "1"},
              {"GIT_AUTHOR_NAME", "A Person"},
              {"GIT_AUTHOR_EMAIL", "person@example.com"},
              {"GIT_COMMITTER_NAME", "A Person"},
              {"GIT_COMMITTER_EMAIL", "person@example.com"},
              {"GIT_AUTHOR_DATE", "1700000000 +0000"},
              {"GIT_COMMITTER_DATE", "1700000000 +0000"}};
  auto result = RunProcess(spec);
  EXPECT_TRUE(result.ok()) << result.status();
  if (!result.ok()) return "";
  EXPECT_EQ(result->exit_code, 0) << Join(arguments, " ") << "\n" << result->err;
  if (result->out.ends_with('\n')) result->out.pop_back();
  return result->out;
}

void GitFixture::Write(std::string_view path, std::string_view bytes, int mode) const {
  const fs::path full = fs::path(work()) / path;
  fs::create_directories(full.parent_path());
  std::ofstream(full, std::ios::binary) << bytes;
  EXPECT_EQ(chmod(full.c_str(), static_cast<mode_t>(mode)), 0);
}

std::string GitFixture::Commit(std::string_view message) const {
  Git({"add", "-A"});
  Git({"commit", "-q", "--allow-empty", "-m", std::string(message)});
  return Git({"rev-parse", "HEAD"});
}

std::string GitFixture::CloneBare() const {
  const std::string folder = NewFolder("bare");
  GitIn(folder, {"clone", "-q", "--bare", work(), "."});
  return folder;
}

std::string GitFixture::NewFolder(std::string_view name) const {
  std::string pattern = (dir_->path() / Cat(name, "-XXXXXX")).string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  return pattern;
}

}  // namespace regreen
