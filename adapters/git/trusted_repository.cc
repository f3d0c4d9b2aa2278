#include "adapters/git/trusted_repository.h"

#include "adapters/git/tree.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {

TrustedFolders::TrustedFolders(const std::string& root)
    : repository(Cat(root, "/repository")),
      index(Cat(root, "/index")),
      ignores(Cat(root, "/ignores")),
      stamp(Cat(root, "/checked-out")) {}

StatusOr<RepositoryPtr> CreateTrustedRepository(const TrustedFolders& folders,
                                                const std::string& mirror) {
  EnsureGitLibrary();
  RETURN_IF_ERROR(MakeDirectories(folders.ignores, 0700));
  git_repository_init_options options;
  git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
  options.flags =
      GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
  int code = 0;
  auto created =
      GitMake<RepositoryPtr>(code, git_repository_init_ext, folders.repository.c_str(), &options);
  if (code != 0) return GitError(code, Cat("cannot make the repository ", folders.repository));
  RETURN_IF_ERROR(MakeDirectories(Cat(folders.repository, "/objects/info")));
  // All of them: libgit2 does not follow a relative name in the alternates of an alternate.
  RETURN_IF_ERROR(WriteFileAtomic(Cat(folders.repository, "/objects/info/alternates"),
                                  Cat(Join(ObjectStores(mirror), "\n"), "\n")));
  // The object store reads its alternates when it is opened.
  return OpenRepository(folders.repository);
}

}  // namespace regreen
