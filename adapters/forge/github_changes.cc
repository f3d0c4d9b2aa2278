#include "adapters/forge/github_changes.h"

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
    auto change = Open(request_.draft);
    if (request_.draft && Says(change.status(), "draft")) {
      LogInfo("The repository has no draft pull requests; an ordinary one is opened.",
              {{"repo", request_.repo}});
      change = Open(false);
    }
    if (Says(change.status(), "already exists")) change = Update();
    if (change.ok()) AddLabels(change->number);
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

  StatusOr<Change> Update() {
    const std::string owner = request_.repo.substr(0, request_.repo.find('/'));
    ASSIGN_OR_RETURN(const Json found,
                     api_.Get(Cat(root_, "/pulls?state=open&head=", PercentEncode(owner), ":",
                                  PercentEncode(request_.branch)),
                              what_, stop_));
    const std::int64_t number = found[std::size_t{0}]["number"].IntOr(0);
    if (number <= 0) return Aborted(Cat(what_, ": one was there and is gone again"));
    JsonWriter body;
    body.BeginObject().Field("title", request_.title).Field("body", request_.body).EndObject();
    ASSIGN_OR_RETURN(const Json pull,
                     api_.Send("PATCH", Cat(root_, "/pulls/", number), body.Take(), what_, stop_));
    return ChangeOf(pull, false);
  }

  // Labels help people to find it; the pull request is good without them.
  void AddLabels(std::int64_t number) {
    if (request_.labels.empty()) return;
    JsonWriter body;
    body.BeginObject().Field("labels", request_.labels).EndObject();
    const auto added = api_.Send("POST", Cat(root_, "/issues/", number, "/labels"), body.Take(),
                                 "adding labels", stop_);
    if (!added.ok()) {
      LogWarning(
          "The pull request is open, but without its labels.",
          {{"repo", request_.repo}, {"number", Cat(number)}, {"why", Message(added.status())}});
    }
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
  state.head = (*pull)["head"]["sha"].StringOr("");
  if ((*pull)["merged"].BoolOr(false)) {
    state.kind = ChangeState::Kind::kMerged;
  } else if ((*pull)["state"].StringOr("") == "closed") {
    state.kind = ChangeState::Kind::kClosed;
  }
  return state;
}

}  // namespace regreen
