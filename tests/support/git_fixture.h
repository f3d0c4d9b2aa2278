// A repository that the git program makes, as a developer's or a forge's is made. Tests ask it what
// is right; the code under test never runs it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/file.h"

namespace regreen {

class GitFixture {
 public:
  GitFixture();  // an empty repository on branch main, with a working tree

  // `git ARGUMENTS` in the working tree or in `folder`; what it printed, without the last line
  // break. A test failure when it fails.
  std::string Git(const std::vector<std::string>& arguments) const;
  std::string GitIn(const std::string& folder, const std::vector<std::string>& arguments) const;
  void Write(std::string_view path, std::string_view bytes, int mode = 0644) const;
  std::string Commit(std::string_view message) const;  // of all that is there; its id
  std::string CloneBare() const;                       // a new bare clone; its folder

  std::string work() const { return (dir_->path() / "work").string(); }
  std::string NewFolder(std::string_view name) const;  // empty, beside the working tree

 private:
  std::unique_ptr<TempDir> dir_;
};

}  // namespace regreen
