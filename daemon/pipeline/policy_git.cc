#include <utility>

#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/policy_origin.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxNoteBytes = 16 << 10;

struct ReadSet {
  Policies policies;
  Problems problems;
};

class GitOrigin final : public PolicyOrigin {
 public:
  GitOrigin(GitPolicyOptions options, Mirror& mirror, const Clock& clock)
      : options_(std::move(options)), mirror_(mirror), clock_(clock) {}

  // The last good set first: a start needs no network then, and Refresh() sees what is newer.
  StatusOr<std::unique_ptr<LivePolicies>> Load(std::stop_token stop) override {
    if (const std::string last = LastGood(); !last.empty()) {
      auto good = Read(last, stop);
      if (good.ok() && !good->problems.has_errors()) return Begin(last, std::move(*good));
    }
    const auto tip = Tip(stop);
    if (!tip.ok()) return Annotate(tip.status(), Where(""));
    auto read = Read(*tip, stop);
    if (!read.ok()) return Annotate(read.status(), Where(*tip));
    if (read->problems.has_errors()) return Annotate(read->problems.ToStatus(), Where(*tip));
    Remember(*tip);
    return Begin(*tip, std::move(*read));
  }

  void Refresh(LivePolicies& live, std::stop_token stop) override {
    const auto tip = Tip(stop);
    if (tip.ok() && *tip == seen_) return live.NoteRead();
    StatusOr<ReadSet> read = tip.ok() ? Read(*tip, stop) : StatusOr<ReadSet>(tip.status());
    if (read.status().code() == StatusCode::kCancelled) return;
    if (!read.ok()) return live.NoteUnread(Annotate(read.status(), Where(tip.value_or(""))));
    seen_ = *tip;
    live.NoteRead();
    const ReloadOutcome outcome =
        live.Replace(std::move(read->policies), read->problems, clock_.Now());
    if (outcome != ReloadOutcome::kRefused) Remember(*tip);
  }

 private:
  std::string Where(const std::string& commit) const {
    return Cat("git ", options_.name, " ", options_.branch,
               commit.empty() ? "" : Cat(" at ", commit));
  }

  std::unique_ptr<LivePolicies> Begin(const std::string& commit, ReadSet read) {
    seen_ = commit;
    return std::make_unique<LivePolicies>(std::make_shared<Policies>(std::move(read.policies)),
                                          clock_.Now());
  }

  StatusOr<std::string> Tip(std::stop_token stop) {
    ASSIGN_OR_RETURN(const GitRemote remote, options_.remote());
    ASSIGN_OR_RETURN(const auto tip, mirror_.RemoteTip(remote, options_.branch, std::move(stop)));
    if (tip) return *tip;
    return NotFound(Cat("there is no branch ", options_.branch, " of ", options_.name));
  }

  // A folder that is not there is an empty one: what must not be empty, the set's reader knows.
  StatusOr<ReadSet> Read(const std::string& commit, std::stop_token stop) {
    ASSIGN_OR_RETURN(const GitRemote remote, options_.remote());
    ASSIGN_OR_RETURN(const std::string mirrored, mirror_.Ensure(remote, commit, std::move(stop)));
    std::vector<PolicyFile> files;
    FolderLimits left{kMaxPolicyFiles, kMaxPolicyBytes, false, {}};
    for (const std::string_view folder : PolicyFolders()) {
      auto found = mirror_.ReadFolderAt(mirrored, commit, InRepository(folder), left);
      if (!found.ok() && found.status().code() != StatusCode::kNotFound) return found.status();
      if (!found.ok()) continue;
      for (auto& [name, bytes] : *found) {
        --left.files;
        left.bytes -= bytes.size();
        std::string path = Cat(folder, "/", name);
        if (IsPolicyPath(path)) files.push_back({std::move(path), std::move(bytes)});
      }
    }
    ReadSet read;
    if (files.empty()) {
      read.problems.Error({options_.path, 0, 0},
                          "holds no policies at this commit; is the path right?");
    }
    read.policies = LoadPolicyFiles(std::move(files), options_.path, read.problems);
    read.policies.origin = Where(commit);
    return read;
  }

  std::string InRepository(std::string_view folder) const {
    return options_.path.empty() ? std::string(folder) : Cat(options_.path, "/", folder);
  }

  // Only what was read from the same place counts.
  std::string LastGood() const {
    const auto text = ReadFile(options_.last_good_file, kMaxNoteBytes);
    if (!text.ok()) return "";
    const auto note = Json::Parse(*text);
    if (!note.ok()) return "";
    const bool same = (*note)["remote"].StringOr("") == options_.name &&
                      (*note)["branch"].StringOr("") == options_.branch &&
                      (*note)["path"].StringOr("") == options_.path;
    return same ? (*note)["commit"].StringOr("") : "";
  }

  void Remember(const std::string& commit) const {
    JsonWriter note;
    note.BeginObject()
        .Field("remote", options_.name)
        .Field("branch", options_.branch)
        .Field("path", options_.path)
        .Field("commit", commit)
        .EndObject();
    const Status written = WriteFileAtomic(options_.last_good_file, note.Take(), 0600);
    if (written.ok()) return;
    LogWarning("a restart would not find these policies while their remote is away",
               {{"why", Message(written)}});
  }

  const GitPolicyOptions options_;
  Mirror& mirror_;
  const Clock& clock_;
  std::string seen_;  // the tip that was read last, good or bad
};

}  // namespace

std::unique_ptr<PolicyOrigin> NewGitOrigin(GitPolicyOptions options, Mirror& mirror,
                                           const Clock& clock) {
  return std::make_unique<GitOrigin>(std::move(options), mirror, clock);
}

}  // namespace regreen
