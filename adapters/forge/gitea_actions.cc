#include "adapters/forge/gitea_actions.h"

#include <optional>

#include "adapters/forge/addresses.h"
#include "adapters/forge/gitea_merge.h"
#include "adapters/forge/gitea_report.h"
#include "adapters/forge/gitea_runs.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

class Rerunner {
 public:
  Rerunner(const GiteaApi& api, const RunKey& key, std::stop_token stop)
      : api_(api),
        key_(key),
        stop_(std::move(stop)),
        path_(Cat(GiteaRepo(key.repo), "/actions/runs/", key.run_id)),
        what_(Cat("running run ", key.run_id, " of ", key.repo, " again")) {}

  Status Run() {
    ASSIGN_OR_RETURN(const std::optional<Status> settled, Look());
    if (settled) return *settled;
    const Status sent =
        api_.Send("POST", path_ + "/rerun-failed-jobs", "{}", what_, stop_).status();
    const bool refused =
        sent.code() == StatusCode::kPermissionDenied || sent.code() == StatusCode::kNotFound ||
        sent.code() == StatusCode::kAborted || sent.code() == StatusCode::kInvalidArgument;
    if (!refused) return sent;
    // A person may have been quicker, or the answer to an earlier try was lost.
    ASSIGN_OR_RETURN(const std::optional<Status> now, Look());
    if (now) return *now;
    // The run is there, so what is missing is the call.
    if (sent.code() == StatusCode::kNotFound)
      return NotSupported("this version has no call that runs failed jobs again");
    return FailedPrecondition(Message(sent));
  }

 private:
  Status NotSupported(std::string_view why) const {
    return FailedPrecondition(Cat(what_, " is not supported by this forge: ", why,
                                  ". A newer Gitea has it; or take rerun out of the template"));
  }

  // What needs no call any more: begun already, not to be had now, or never.
  StatusOr<std::optional<Status>> Look() {
    ASSIGN_OR_RETURN(const Json run, api_.Get(path_, what_, stop_));
    if (IsForgejoRun(run)) return std::optional(NotSupported("Forgejo's API runs nothing again"));
    const int attempt = GiteaAttempt(run);
    if (attempt > key_.attempt) return std::optional(OkStatus());
    if (attempt < key_.attempt)
      return std::optional(Unavailable(Cat(what_, ": the forge does not know this attempt yet")));
    if (run["status"].StringOr("") != "completed")
      return std::optional(Unavailable(Cat(what_, ": it still goes on")));
    return std::optional<Status>();
  }

  const GiteaApi& api_;
  const RunKey& key_;
  const std::stop_token stop_;
  const std::string path_, what_;
};

}  // namespace

Status GiteaActions::Rerun(const RunKey& run, std::stop_token stop) {
  RETURN_IF_ERROR(check_(run.repo));
  if (!IsNumericId(run.run_id)) return InvalidArgument("a run's id at Gitea is a number");
  return Rerunner(api_, run, std::move(stop)).Run();
}

StatusOr<std::string> GiteaActions::Tell(const Report& report, std::stop_token stop) {
  RETURN_IF_ERROR(check_(report.repo));
  return TellGitea(api_, report, std::move(stop));
}

Status GiteaActions::MergeWhenGreen(const ChangeKey& change, const std::string& commit,
                                    std::stop_token stop) {
  RETURN_IF_ERROR(check_(change.repo));
  return MergeGiteaWhenGreen(api_, change, commit, std::move(stop));
}

StatusOr<std::vector<std::string>> GiteaActions::Labels(const std::string& repo, int pull_request,
                                                        std::stop_token stop) {
  RETURN_IF_ERROR(check_(repo));
  ASSIGN_OR_RETURN(const Json pull,
                   api_.Get(Cat(GiteaRepo(repo), "/pulls/", pull_request),
                            Cat("reading the labels of pull request ", pull_request, " of ", repo),
                            std::move(stop)));
  std::vector<std::string> names;
  for (const Json& label : pull["labels"].Elements()) names.push_back(label["name"].StringOr(""));
  return names;
}

}  // namespace regreen
