#include "adapters/forge/gitlab_comments.h"

#include "adapters/forge/gitlab_report.h"
#include "adapters/forge/report_marker.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::int64_t kDeveloper = 30;
constexpr int kMostPages = 3;

std::string NotesOf(const CommentEvent& comment) {
  return Cat(ProjectPath(comment.repo), comment.on_change ? "/merge_requests/" : "/issues/",
             comment.number, "/notes");
}

}  // namespace

StatusOr<bool> GitlabComments::MayWrite(const CommentEvent& comment, std::stop_token stop) {
  RETURN_IF_ERROR(check_(comment.repo));
  // Those of the project's groups count too, which "members" alone leaves out.
  const auto member = api_.Get(Cat(ProjectPath(comment.repo), "/members/all/", comment.author_id),
                               Cat("reading who may write to ", comment.repo), stop);
  if (member.status().code() == StatusCode::kNotFound) return false;
  RETURN_IF_ERROR(member.status());
  return (*member)["id"].IntOr(0) == comment.author_id &&
         (*member)["state"].StringOr("") == "active" &&
         (*member)["access_level"].IntOr(0) >= kDeveloper;
}

StatusOr<CommentedChange> GitlabComments::ReadCommented(const CommentEvent& comment,
                                                        std::stop_token stop) {
  RETURN_IF_ERROR(check_(comment.repo));
  ASSIGN_OR_RETURN(
      const Json request,
      api_.Get(Cat(ProjectPath(comment.repo), "/merge_requests/", comment.number),
               Cat("reading merge request ", comment.number, " of ", comment.repo), stop));
  CommentedChange change;
  change.head_branch = request["source_branch"].StringOr("");
  change.head_commit = request["sha"].StringOr("");
  change.open = request["state"].StringOr("") == "opened";
  change.from_fork =
      request["source_project_id"].IntOr(-1) != request["target_project_id"].IntOr(-2);
  return change;
}

Status GitlabComments::React(const CommentEvent& comment, Reaction reaction, std::stop_token stop) {
  RETURN_IF_ERROR(check_(comment.repo));
  const char* emoji = reaction == Reaction::kDone ? "thumbsup" : "thumbsdown";
  const std::string emojis = Cat(NotesOf(comment), "/", comment.id, "/award_emoji");
  const std::string what = Cat("reacting to a comment in ", comment.repo);
  const Status sent = api_.Send("POST", Cat(emojis, "?name=", emoji), "", what, stop).status();
  // GitLab answers 404 to a second one of the same name.
  if (sent.code() != StatusCode::kNotFound) return sent;
  bool there = false;
  RETURN_IF_ERROR(
      api_.GetPages(emojis + "?per_page=100", kMostPages, what, stop, [&](const Json& one) {
        there = there || one["name"].StringOr("") == emoji;
        return !there;
      }));
  return there ? OkStatus() : sent;
}

StatusOr<std::string> GitlabComments::Reply(const CommentEvent& comment, const std::string& body,
                                            const std::string& marker, std::stop_token stop) {
  RETURN_IF_ERROR(check_(comment.repo));
  Report report;
  report.repo = comment.repo;
  report.body = body;
  report.marker = marker;
  if (comment.on_change) {
    report.pull_request = static_cast<int>(comment.number);
    return TellGitlab(api_, site_, report, std::move(stop));
  }
  RETURN_IF_ERROR(CheckMarker(report));
  const std::string what = Cat("answering a comment in ", comment.repo);
  std::int64_t id = 0;
  RETURN_IF_ERROR(api_.GetPages(NotesOf(comment) + "?order_by=created_at&sort=desc&per_page=100",
                                kMostPages, what, stop, [&](const Json& note) {
                                  if (IsMarkedBy(note["body"].StringOr(""), report))
                                    id = note["id"].IntOr(0);
                                  return id == 0;
                                }));
  if (id == 0) {
    JsonWriter sent;
    sent.BeginObject().Field("body", MarkedBody(report)).EndObject();
    ASSIGN_OR_RETURN(const Json note, api_.Send("POST", NotesOf(comment), sent.Take(), what, stop));
    id = note["id"].IntOr(0);
  }
  return Cat(site_, "/", comment.repo, "/-/issues/", comment.number, "#note_", id);
}

}  // namespace regreen
