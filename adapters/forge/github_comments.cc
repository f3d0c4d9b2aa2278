#include "adapters/forge/github_comments.h"

#include "adapters/forge/github_report.h"
#include "daemon/base/text.h"

namespace regreen {

// "permission" is one of admin, write, read and none: maintain counts as write there, triage as
// read. Roles of an organization's own are told by what they build upon.
StatusOr<bool> GithubComments::MayWrite(const CommentEvent& comment, std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(comment.repo, stop));
  const auto answer = api.Get(Cat("/repos/", RepoPath(comment.repo), "/collaborators/",
                                  PercentEncode(comment.author), "/permission"),
                              Cat("reading who may write to ", comment.repo), stop);
  if (answer.status().code() == StatusCode::kNotFound) return false;  // no such user
  RETURN_IF_ERROR(answer.status());
  // A login may have another owner by now.
  if ((*answer)["user"]["id"].IntOr(0) != comment.author_id) return false;
  const std::string permission = (*answer)["permission"].StringOr("");
  return permission == "admin" || permission == "write" || permission == "maintain";
}

StatusOr<CommentedChange> GithubComments::ReadCommented(const CommentEvent& comment,
                                                        std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(comment.repo, stop));
  ASSIGN_OR_RETURN(
      const Json pull,
      api.Get(Cat("/repos/", RepoPath(comment.repo), "/pulls/", comment.number),
              Cat("reading pull request ", comment.number, " of ", comment.repo), stop));
  CommentedChange change;
  change.head_branch = pull["head"]["ref"].StringOr("");
  change.head_commit = pull["head"]["sha"].StringOr("");
  change.open = pull["state"].StringOr("") == "open";
  // Without a head repository the fork is gone.
  change.from_fork = Lower(pull["head"]["repo"]["full_name"].StringOr("")) != Lower(comment.repo);
  return change;
}

Status GithubComments::React(const CommentEvent& comment, Reaction reaction, std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(comment.repo, stop));
  JsonWriter body;
  body.BeginObject().Field("content", reaction == Reaction::kDone ? "+1" : "-1").EndObject();
  return api
      .Send("POST",
            Cat("/repos/", RepoPath(comment.repo), comment.on_code ? "/pulls" : "/issues",
                "/comments/", comment.id, "/reactions"),
            body.Take(), Cat("reacting to a comment in ", comment.repo), stop)
      .status();
}

StatusOr<std::string> GithubComments::Reply(const CommentEvent& comment, const std::string& body,
                                            const std::string& marker, std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, api_for_(comment.repo, stop));
  Report report;
  report.repo = comment.repo;
  report.pull_request = static_cast<int>(comment.number);  // issues have the same numbers
  report.body = body;
  report.marker = marker;
  return TellGithub(api, report, std::move(stop));
}

}  // namespace regreen
