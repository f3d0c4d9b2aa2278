#include "adapters/forge/gitlab_changes.h"

#include <optional>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kDraft = "Draft: ";
constexpr std::size_t kLongestTitle = 255;

class MergeRequestWriter {
 public:
  MergeRequestWriter(const GitlabApi& api, const ChangeRequest& request, std::stop_token stop)
      : api_(api),
        request_(request),
        stop_(std::move(stop)),
        root_(Cat(ProjectPath(request.repo), "/merge_requests")),
        what_(Cat("opening a merge request of ", request.repo)) {}

  StatusOr<Change> Ensure() {
    ASSIGN_OR_RETURN(const std::optional<Json> open, Find());
    if (open) return Update(*open);
    const auto change = Open();
    // Someone was quicker, or the answer to an earlier try was lost.
    const bool there = change.status().code() == StatusCode::kAborted;
    if (!there && !MayHaveHappened(change.status())) return change;
    ASSIGN_OR_RETURN(const std::optional<Json> now, Find());
    if (!now) return change;
    return there ? Update(*now) : ChangeOf(*now, true);
  }

 private:
  static StatusOr<Change> ChangeOf(const Json& request, bool created) {
    Change change;
    change.number = request["iid"].IntOr(0);
    change.link = request["web_url"].StringOr("");
    change.created = created;
    if (change.number <= 0) return Unavailable("GitLab's answer names no merge request");
    return change;
  }

  // A fork's branch may be called the same.
  StatusOr<std::optional<Json>> Find() {
    std::optional<Json> found;
    RETURN_IF_ERROR(api_.GetPages(
        Cat(root_, "?state=opened&per_page=100&source_branch=", PercentEncode(request_.branch)), 3,
        what_, stop_, [&](const Json& request) {
          const bool ours =
              request["source_project_id"].IntOr(0) == request["target_project_id"].IntOr(-1) &&
              request["source_branch"].StringOr("") == request_.branch;
          if (ours && !found) found = request;
          return !ours || request["target_branch"].StringOr("") != request_.target;
        }));
    return found;
  }

  StatusOr<Change> Open() {
    JsonWriter body;
    body.BeginObject()
        .Field("source_branch", request_.branch)
        .Field("target_branch", request_.target)
        .Field("title", Title(request_.draft))
        .Field("description", request_.body)
        .Field("remove_source_branch", true);
    if (const std::string labels = LabelText(request_.labels); !labels.empty())
      body.Field("labels", labels);
    body.EndObject();
    ASSIGN_OR_RETURN(const Json made, api_.Send("POST", root_, body.Take(), what_, stop_));
    return ChangeOf(made, true);
  }

  // Whether it is a draft is a person's choice by now.
  StatusOr<Change> Update(const Json& open) {
    JsonWriter body;
    body.BeginObject()
        .Field("title", Title(IsDraftTitle(open["title"].StringOr(""))))
        .Field("description", request_.body)
        .Field("target_branch", request_.target);
    if (const std::string labels = LabelText(request_.labels); !labels.empty())
      body.Field("add_labels", labels);
    body.EndObject();
    ASSIGN_OR_RETURN(const Json updated, api_.Send("PUT", Cat(root_, "/", open["iid"].IntOr(0)),
                                                   body.Take(), what_, stop_));
    return ChangeOf(updated, false);
  }

  std::string Title(bool draft) const {
    return Truncate(draft ? Cat(kDraft, request_.title) : request_.title, kLongestTitle);
  }

  const GitlabApi& api_;
  const ChangeRequest& request_;
  const std::stop_token stop_;
  const std::string root_, what_;
};

}  // namespace

bool IsDraftTitle(std::string_view title) {
  const std::string lower = Lower(title.substr(0, 16));
  return lower.starts_with("draft:") || lower.starts_with("[draft]") ||
         lower.starts_with("(draft)");
}

std::string WithoutDraft(std::string_view title) {
  while (IsDraftTitle(title)) {
    const std::size_t mark = title.find_first_of(":])", 1);
    title = Trim(title.substr(mark + 1));
  }
  return std::string(title);
}

std::string LabelText(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) {
    if (label.empty() || label.find(',') != std::string::npos) continue;
    Append(text, text.empty() ? "" : ",", label);
  }
  return text;
}

StatusOr<Change> EnsureGitlabMergeRequest(const GitlabApi& api, const ChangeRequest& request,
                                          std::stop_token stop) {
  return MergeRequestWriter(api, request, std::move(stop)).Ensure();
}

StatusOr<ChangeState> ReadGitlabMergeRequest(const GitlabApi& api, const ChangeKey& key,
                                             std::stop_token stop) {
  const auto request =
      api.Get(Cat(ProjectPath(key.repo), "/merge_requests/", key.number),
              Cat("reading merge request ", key.number, " of ", key.repo), std::move(stop));
  ChangeState state;
  if (request.status().code() == StatusCode::kNotFound) {
    state.kind = ChangeState::Kind::kGone;
    return state;
  }
  if (!request.ok()) return request.status();
  if ((*request)["iid"].IntOr(0) != key.number)
    return Unavailable("GitLab's answer names no merge request");
  state.head = (*request)["sha"].StringOr("");
  const std::string word = (*request)["state"].StringOr("");
  if (word == "merged") {
    state.kind = ChangeState::Kind::kMerged;
  } else if (word == "closed") {
    state.kind = ChangeState::Kind::kClosed;
  }
  return state;
}

}  // namespace regreen
