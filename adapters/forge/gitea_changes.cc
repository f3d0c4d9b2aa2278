#include "adapters/forge/gitea_changes.h"

#include <optional>
#include <utility>

#include "adapters/forge/gitea_labels.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kDraft = "WIP: ";
constexpr std::size_t kLongestTitle = 255;
constexpr int kMostPages = 20;  // of open pull requests, fifty each

class PullWriter {
 public:
  PullWriter(const GiteaApi& api, const ChangeRequest& request, std::stop_token stop)
      : api_(api),
        request_(request),
        stop_(std::move(stop)),
        root_(GiteaRepo(request.repo)),
        what_(Cat("opening a pull request of ", request.repo)) {}

  StatusOr<Change> Ensure() {
    auto change = Open();
    // 409: it is there already.
    if (change.status().code() == StatusCode::kAborted) {
      ASSIGN_OR_RETURN(const std::optional<Json> open, Find());
      if (open) change = Update(*open);
    }
    if (change.ok()) AddLabels(change->number);
    return change;
  }

 private:
  static StatusOr<Change> ChangeOf(const Json& pull, bool created) {
    Change change;
    change.number = pull["number"].IntOr(0);
    change.link = pull["html_url"].StringOr("");
    change.created = created;
    if (change.number <= 0) return Unavailable("the forge's answer names no pull request");
    return change;
  }

  StatusOr<Change> Open() {
    JsonWriter body;
    body.BeginObject()
        .Field("title", Title(request_.draft))
        .Field("head", request_.branch)
        .Field("base", request_.target)
        .Field("body", request_.body)
        .EndObject();
    ASSIGN_OR_RETURN(const Json pull,
                     api_.Send("POST", root_ + "/pulls", body.Take(), what_, stop_));
    return ChangeOf(pull, true);
  }

  // A fork's branch may be called the same.
  StatusOr<std::optional<Json>> Find() {
    std::optional<Json> found;
    RETURN_IF_ERROR(api_.GetPages(
        root_ + "/pulls?state=open&sort=recentupdate", "", kMostPages, what_, stop_,
        [&](const Json& pull) {
          const bool ours = pull["head"]["repo_id"].IntOr(0) == pull["base"]["repo_id"].IntOr(-1) &&
                            pull["head"]["ref"].StringOr("") == request_.branch &&
                            pull["base"]["ref"].StringOr("") == request_.target;
          if (ours) found = pull;
          return !ours;
        }));
    return found;
  }

  // Whether it is a draft is a person's choice by now.
  StatusOr<Change> Update(const Json& open) {
    JsonWriter body;
    body.BeginObject()
        .Field("title", Title(IsWorkInProgress(open["title"].StringOr(""))))
        .Field("body", request_.body)
        .EndObject();
    ASSIGN_OR_RETURN(const Json pull,
                     api_.Send("PATCH", Cat(root_, "/pulls/", open["number"].IntOr(0)), body.Take(),
                               what_, stop_));
    return ChangeOf(pull, false);
  }

  // Labels help people to find it; the pull request is good without them.
  void AddLabels(std::int64_t number) {
    if (request_.labels.empty()) return;
    auto ids = GiteaLabelIds(api_, request_.repo, request_.labels, stop_);
    Status added = ids.status();
    if (ids.ok()) {
      JsonWriter body;
      body.BeginObject();
      WriteLabels(*ids, body);
      body.EndObject();
      added = api_.Send("POST", Cat(root_, "/issues/", number, "/labels"), body.Take(),
                        "adding labels", stop_)
                  .status();
    }
    if (added.ok()) return;
    LogWarning("The pull request is open, but without its labels.",
               {{"repo", request_.repo}, {"number", Cat(number)}, {"why", Message(added)}});
  }

  std::string Title(bool draft) const {
    return Truncate(draft ? Cat(kDraft, request_.title) : request_.title, kLongestTitle);
  }

  const GiteaApi& api_;
  const ChangeRequest& request_;
  const std::stop_token stop_;
  const std::string root_, what_;
};

}  // namespace

bool IsWorkInProgress(std::string_view title) {
  const std::string lower = Lower(title.substr(0, 8));
  return lower.starts_with("wip:") || lower.starts_with("[wip]");
}

std::string WithoutWorkInProgress(std::string_view title) {
  while (IsWorkInProgress(title)) title = Trim(title.substr(title.find_first_of(":]") + 1));
  return std::string(title);
}

StatusOr<Change> EnsureGiteaPull(const GiteaApi& api, const ChangeRequest& request,
                                 std::stop_token stop) {
  return PullWriter(api, request, std::move(stop)).Ensure();
}

StatusOr<ChangeState> ReadGiteaPull(const GiteaApi& api, const ChangeKey& key,
                                    std::stop_token stop) {
  const auto pull =
      api.Get(Cat(GiteaRepo(key.repo), "/pulls/", key.number),
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
