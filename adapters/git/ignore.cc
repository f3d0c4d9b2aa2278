#include "adapters/git/ignore.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
StatusOr<IgnoreRules> IgnoreRules::Create(const std::string& repository,
                                          const std::string& copies) {
  RETURN_IF_ERROR(RemoveTree(copies));
  RETURN_IF_ERROR(MakeDirectories(copies, 0700));
  ASSIGN_OR_RETURN(RepositoryPtr opened, OpenRepository(repository));
  const int code = git_repository_set_workdir(opened.get(), copies.c_str(), 0);
  if (code != 0) return GitError(code, Cat("cannot use the folder ", copies));
  return IgnoreRules(std::move(opened), copies);
}

Status IgnoreRules::Take(int folder, const std::string& prefix) {
  UniqueFd file(openat(folder, ".gitignore", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return OkStatus();
  struct stat info;
  if (fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return OkStatus();
  auto rules = ReadAll(file.get(), kMaxIgnoreBytes);
  const std::string path = Cat(prefix, ".gitignore");
  if (!rules.ok()) {
    return InvalidArgument(Cat(EscapeControl(path), " cannot be used: ", Message(rules.status())));
  }
  return TakeBytes(*rules, prefix);
}

Status IgnoreRules::TakeBytes(std::string_view rules, const std::string& prefix) {
  const std::string path = Cat(prefix, ".gitignore");
  const std::string parent = Cat(copies_, "/", prefix);
  RETURN_IF_ERROR(MakeDirectories(parent, 0700));
  UniqueFd copy(
      open(Cat(parent, "/.gitignore").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!copy) return ErrnoStatus(errno, Cat("cannot copy ", EscapeControl(path)));
  if (write(copy.get(), rules.data(), rules.size()) != static_cast<ssize_t>(rules.size())) {
    return ErrnoStatus(errno, Cat("cannot copy ", EscapeControl(path)));
  }
  return OkStatus();
}

StatusOr<bool> IgnoreRules::Ignores(const std::string& path) const {
  int ignored = 0;
  const int code = git_ignore_path_is_ignored(&ignored, repository_.get(), path.c_str());
  if (code != 0)
    return GitError(code, Cat("cannot tell whether ", EscapeControl(path), " is ignored"));
  return ignored != 0;
}

}  // namespace regreen
