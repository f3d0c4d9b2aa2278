#include "adapters/git/consolidate.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <vector>

#include "adapters/git/library.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

namespace fs = std::filesystem;

using PackBuilderPtr = GitOwned<git_packbuilder, git_packbuilder_free>;
using Ids = std::vector<git_oid>;

constexpr std::size_t kMaxListBytes = 1 << 20;

int Collect(const git_oid* id, void* payload) {
  static_cast<Ids*>(payload)->push_back(*id);
  return 0;
}

// An object store of these packs alone.
StatusOr<OdbPtr> OpenPacks(const std::vector<std::string>& indexes) {
  int code = 0;
#if defined(GIT_EXPERIMENTAL_SHA256)
  auto odb = GitMake<OdbPtr>(code, git_odb_new, nullptr);
#else
  auto odb = GitMake<OdbPtr>(code, git_odb_new);
#endif
  if (code != 0) return GitError(code, "cannot open an object store");
  for (const std::string& index : indexes) {
    git_odb_backend* backend = nullptr;
    code = git_odb_backend_one_pack(&backend, index.c_str());
    if (code == 0) code = git_odb_add_backend(odb.get(), backend, 1);  // which takes it
    if (code != 0) return GitError(code, Cat("cannot read the pack of ", index));
  }
  return odb;
}

StatusOr<Ids> IdsOf(git_odb* odb) {
  Ids ids;
  const int code = git_odb_foreach(odb, Collect, &ids);
  if (code != 0) return GitError(code, "cannot list the objects of a mirror");
  return ids;
}

bool HoldsAll(git_odb* odb, const Ids& ids) {
  return std::all_of(ids.begin(), ids.end(),
                     [&](const git_oid& id) { return git_odb_exists(odb, &id) == 1; });
}

class Consolidation {
 public:
  Consolidation(const std::string& folder, const ConsolidateOptions& options, absl::Time now)
      : folder_(folder), packs_(folder + "/objects/pack"), options_(options), now_(now) {}

  Status Run() {
    ReadReplaced();
    RETURN_IF_ERROR(RemoveReplaced());
    std::vector<std::string> small;
    std::error_code error;
    for (const std::string& name : PacksThatStay()) {
      if (fs::file_size(PackOf(name), error) <= options_.small_bytes && !error)
        small.push_back(name);
    }
    ASSIGN_OR_RETURN(const auto loose, LooseObjects());
    if (small.size() <= options_.most_packs && loose.size() <= options_.most_loose)
      return OkStatus();
    RETURN_IF_ERROR(MakeOne(small, loose));
    return RemoveLoose(loose);
  }

 private:
  std::string IndexOf(const std::string& name) const { return Cat(packs_, "/", name, ".idx"); }
  std::string PackOf(const std::string& name) const { return Cat(packs_, "/", name, ".pack"); }
  std::string ListPath() const { return folder_ + "/regreen-replaced"; }

  // Lines of "<seconds> <name>". A list that was lost costs a replacement more.
  void ReadReplaced() {
    const auto list = ReadFile(ListPath(), kMaxListBytes);
    if (!list.ok()) return;
    for (const std::string_view line : SplitLines(*list)) {
      const auto parts = Split(line, ' ');
      std::int64_t seconds = 0;
      if (parts.size() == 2 && ParseInt64(parts[0], &seconds) && parts[1].starts_with("pack-") &&
          parts[1].find('/') == std::string_view::npos)
        replaced_[std::string(parts[1])] = absl::FromUnixSeconds(seconds);
    }
  }
  Status WriteReplaced() const {
    std::string list;
    for (const auto& [name, at] : replaced_) Append(list, absl::ToUnixSeconds(at), " ", name, "\n");
    return WriteFileAtomic(ListPath(), list);
  }

  std::vector<std::string> PacksThatStay() const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(packs_, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() != ".idx") continue;
      const std::string name = it->path().stem().string();
      if (!replaced_.contains(name)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  StatusOr<OdbPtr> WhatStays() const {
    std::vector<std::string> indexes;
    for (const std::string& name : PacksThatStay()) indexes.push_back(IndexOf(name));
    return OpenPacks(indexes);
  }

  Status RemoveReplaced() {
    std::vector<std::string> due;
    for (const auto& [name, at] : replaced_) {
      if (at + options_.kept_for <= now_) due.push_back(name);
    }
    if (due.empty()) return OkStatus();
    ASSIGN_OR_RETURN(const OdbPtr stays, WhatStays());
    for (const std::string& name : due) {
      std::error_code error;
      if (fs::exists(IndexOf(name), error)) {
        ASSIGN_OR_RETURN(const OdbPtr pack, OpenPacks({IndexOf(name)}));
        ASSIGN_OR_RETURN(const Ids ids, IdsOf(pack.get()));
        // The index first: a pack without one is no pack.
        if (HoldsAll(stays.get(), ids)) {
          fs::remove(IndexOf(name), error);
          fs::remove(PackOf(name), error);
        }
      }
      replaced_.erase(name);
    }
    return WriteReplaced();
  }

  struct Loose {
    git_oid id;
    fs::path path;
  };
  StatusOr<std::vector<Loose>> LooseObjects() const {
    std::vector<Loose> found;
    std::error_code error;
    for (fs::directory_iterator it(folder_ + "/objects", error), end; !error && it != end;
         it.increment(error)) {
      const std::string begin = it->path().filename().string();
      if (begin.size() != 2) continue;
      std::error_code none;
      for (const fs::directory_entry& file : fs::directory_iterator(it->path(), none)) {
        const auto id = ParseCommitId(Cat(begin, file.path().filename().string()));
        if (id.ok()) found.push_back({*id, file.path()});
      }
    }
    if (error) return ErrnoStatus(error.value(), Cat("cannot list ", folder_, "/objects"));
    return found;
  }

  Status MakeOne(const std::vector<std::string>& small, const std::vector<Loose>& loose) {
    std::vector<std::string> indexes;
    for (const std::string& name : small) indexes.push_back(IndexOf(name));
    ASSIGN_OR_RETURN(const OdbPtr old, OpenPacks(indexes));
    ASSIGN_OR_RETURN(Ids ids, IdsOf(old.get()));
    for (const Loose& object : loose) ids.push_back(object.id);
    ASSIGN_OR_RETURN(const RepositoryPtr repository, OpenRepository(folder_));
    int code = 0;
    const auto builder = GitMake<PackBuilderPtr>(code, git_packbuilder_new, repository.get());
    if (code != 0) return GitError(code, "cannot begin a pack");
    git_packbuilder_set_threads(builder.get(), 1);
    for (const git_oid& id : ids) {
      code = git_packbuilder_insert(builder.get(), &id, nullptr);
      if (code != 0) return GitError(code, "cannot put an object into a pack");
    }
    code = git_packbuilder_write(builder.get(), packs_.c_str(), 0, nullptr, nullptr);
    if (code != 0) return GitError(code, "cannot write a pack");
    const std::string made = Cat("pack-", git_packbuilder_name(builder.get()));
    ASSIGN_OR_RETURN(const OdbPtr pack, OpenPacks({IndexOf(made)}));
    if (!HoldsAll(pack.get(), ids)) return Internal(Cat("the pack ", made, " is not whole"));
    for (const std::string& name : small) {
      if (name != made) replaced_[name] = now_;
    }
    return WriteReplaced();
  }

  // Those that a reader may have just looked for stay for now.
  Status RemoveLoose(const std::vector<Loose>& loose) const {
    if (loose.size() <= options_.most_loose) return OkStatus();
    ASSIGN_OR_RETURN(const OdbPtr stays, WhatStays());
    for (const Loose& object : loose) {
      struct stat info;
      if (stat(object.path.c_str(), &info) != 0 ||
          absl::TimeFromTimespec(info.st_mtim) + options_.kept_for > now_)
        continue;
      std::error_code error;
      if (git_odb_exists(stays.get(), &object.id) == 1) fs::remove(object.path, error);
    }
    return OkStatus();
  }

  const std::string folder_, packs_;
  const ConsolidateOptions options_;
  const absl::Time now_;
  std::map<std::string, absl::Time> replaced_;  // packs, and since when
};

}  // namespace

Status ConsolidatePacks(const std::string& folder, const ConsolidateOptions& options,
                        absl::Time now) {
  EnsureGitLibrary();
  return Consolidation(folder, options, now).Run();
}

}  // namespace regreen
