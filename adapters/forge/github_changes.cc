#include "adapters/forge/github_changes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

bool Says(const Status& status, std::string_view words) {
  return status.code() == StatusCode::kInvalidArgument &&
         Lower(Message(status)).find(words) != std::string::npos;
}

class PullWriter {
 public:
  PullWriter(const GithubApi& api, const ChangeRequest& request, std::stop_token stop)
      : api_(api),
        request_(request),
        stop_(std::move(stop)),
        root_(Cat("/repos/", RepoPath(request.repo))),
        what_(Cat("opening a pull request of ", request.repo)) {}

  StatusOr<Change> Ensure() {
    ASSIGN_OR_RETURN(const std::optional<Json> open, Find());
    auto change = open ? Update(*open) : Open(request_.draft);
    if (request_.draft && Says(change.status(), "draft")) {
      LogInfo("The repository has no draft pull requests; an ordinary one is opened.",
              {{"repo", request_.repo}});
      change = Open(false);
    }
    // Someone was quicker; or it was opened, and the answer was lost.
    const bool there = Says(change.status(), "already exists");
    if (!open && (there || MayHaveHappened(change.status()))) {
      ASSIGN_OR_RETURN(const std::optional<Json> now, Find());
      if (now) {
        change = there ? Update(*now) : ChangeOf(*now, true);
      } else if (there) {
        return Aborted(Cat(what_, ": one was there and is gone again"));
      }
    }
    if (change.ok()) RETURN_IF_ERROR(AddLabels(change->number, open));
    return change;
  }

 private:
  static StatusOr<Change> ChangeOf(const Json& pull, bool created) {
    Change change;
    change.number = pull["number"].IntOr(0);
    change.link = pull["html_url"].StringOr("");
    change.created = created;
    if (change.number <= 0) return Unavailable("GitHub's answer names no pull request");
    return change;
  }

  StatusOr<Change> Open(bool draft) {
    JsonWriter body;
    body.BeginObject()
        .Field("title", request_.title)
        .Field("head", request_.branch)
        .Field("base", request_.target);
    body.Field("body", request_.body).Field("draft", draft).EndObject();
    ASSIGN_OR_RETURN(const Json pull,
                     api_.Send("POST", root_ + "/pulls", body.Take(), what_, stop_));
    return ChangeOf(pull, true);
  }

  StatusOr<std::optional<Json>> Find() {
    const std::string owner = request_.repo.substr(0, request_.repo.find('/'));
    ASSIGN_OR_RETURN(const Json found,
                     api_.GetList(Cat(root_, "/pulls?state=open&head=", PercentEncode(owner), ":",
                                      PercentEncode(request_.branch)),
                                  what_, stop_));
    if (found.size() == 0) return std::optional<Json>();
    return std::optional(found[std::size_t{0}]);
  }

  StatusOr<Change> Update(const Json& open) {
    const bool same =
        open["title"].StringOr("") == request_.title && open["body"].StringOr("") == request_.body;
    if (same) return ChangeOf(open, false);
    JsonWriter body;
    body.BeginObject().Field("title", request_.title).Field("body", request_.body).EndObject();
    ASSIGN_OR_RETURN(const Json pull,
                     api_.Send("PATCH", Cat(root_, "/pulls/", open["number"].IntOr(0)), body.Take(),
                               what_, stop_));
    return ChangeOf(pull, false);
  }

  // Labels help people to find it; the pull request is good without them. Those that only a limit
  // holds back are added later.
  Status AddLabels(std::int64_t number, const std::optional<Json>& known) {
    std::vector<std::string> there, missing;
    if (known) {
      for (const Json& label : (*known)["labels"].Elements())
        there.push_back(label["name"].StringOr(""));
    }
    for (const std::string& label : request_.labels) {
      if (std::find(there.begin(), there.end(), label) == there.end()) missing.push_back(label);
    }
    if (missing.empty()) return OkStatus();
    JsonWriter body;
    body.BeginObject().Field("labels", missing).EndObject();
    const Status added = api_.Send("POST", Cat(root_, "/issues/", number, "/labels"), body.Take(),
                                   "adding labels", stop_)
                             .status();
    if (RetryAfter(added)) return added;
    if (!added.ok()) {
      LogWarning("The pull request is open, but without its labels.",
                 {{"repo", request_.repo}, {"number", Cat(number)}, {"why", Message(added)}});
    }
    return OkStatus();
  }

  const GithubApi& api_;
  const ChangeRequest& request_;
  const std::stop_token stop_;
  const std::string root_, what_;
};

}  // namespace

StatusOr<Change> EnsureGithubPull(const GithubApi& api, const ChangeRequest& request,
                                  std::stop_token stop) {
  return PullWriter(api, request, std::move(stop)).Ensure();
}

StatusOr<ChangeState> ReadGithubPull(const GithubApi& api, const ChangeKey& key,
                                     std::stop_token stop) {
  const auto pull =
      api.Get(Cat("/repos/", RepoPath(key.repo), "/pulls/", key.number),
              Cat("reading pull request ", key.number, " of ", key.repo), std::move(stop));
  ChangeState state;
  if (pull.status().code() == StatusCode::kNotFound) {
    state.kind = ChangeState::Kind::kGone;
    return state;
  }
  if (!pull.ok()) return pull.status();
  if ((*pull)["number"].IntOr(0) != key.number)
    return Unavailable("GitHub's answer names no pull request");
  state.head = (*pull)["head"]["sha"].StringOr("");
  if ((*pull)["merged"].BoolOr(false)) {
    state.kind = ChangeState::Kind::kMerged;
  } else if ((*pull)["state"].StringOr("") == "closed") {
    state.kind = ChangeState::Kind::kClosed;
  }
  return state;
}

}  // namespace regreen
