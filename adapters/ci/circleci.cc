#include "adapters/ci/circleci.h"

#include "adapters/ci/dialect.h"
#include "adapters/ci/fields.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// circleci-signature is a list of versions of which only v1 exists; an unknown one never counts.
// circleci.com/docs/webhooks, "Payload signature".
Status Authenticate(const DialectSettings& settings, const Headers& headers,
                    std::string_view body) {
  for (std::string_view one : Split(HeaderValue(headers, "circleci-signature"), ',')) {
    if (one.starts_with("v1=")) return CheckHmac(settings.secret.Reveal(), one.substr(3), body);
  }
  return Unauthenticated(
      "The header circleci-signature is missing or has no v1: give the webhook a secret token.");
}

StatusOr<std::string> EventName(const Headers&, const Json&) {
  return std::string("webhook");
}

std::string Key(const Headers&, const Json& payload) {
  return payload["id"].StringOr("");
}

// pipeline.vcs is of GitHub OAuth and Bitbucket, trigger_parameters.git of the rest.
// circleci.com/docs/webhooks-reference.
Status ReadCommit(const Json& pipeline, RunHint& hint, bool& fork) {
  const Json vcs = pipeline["vcs"];
  const Json git = pipeline["trigger_parameters"]["git"];
  std::string remote;
  if (vcs.IsObject()) {
    ASSIGN_OR_RETURN(remote,
                     RequiredText(vcs["target_repository_url"], "vcs.target_repository_url"));
    ASSIGN_OR_RETURN(const std::string origin,
                     RequiredText(vcs["origin_repository_url"], "vcs.origin_repository_url"));
    fork = origin != remote;
    ASSIGN_OR_RETURN(hint.commit, RequiredText(vcs["revision"], "vcs.revision"));
    ASSIGN_OR_RETURN(hint.branch, OptionalText(vcs["branch"], "vcs.branch"));
  } else if (git.IsObject()) {
    ASSIGN_OR_RETURN(remote, RequiredText(git["repo_url"], "trigger_parameters.git.repo_url"));
    ASSIGN_OR_RETURN(hint.commit,
                     RequiredText(git["checkout_sha"], "trigger_parameters.git.checkout_sha"));
    ASSIGN_OR_RETURN(hint.branch, OptionalText(git["branch"], "trigger_parameters.git.branch"));
  } else {
    return InvalidArgument("the payload's pipeline has neither vcs nor trigger_parameters.git");
  }
  ASSIGN_OR_RETURN(hint.key.repo, RepoOfCloneUrl(remote));
  RETURN_IF_ERROR(CheckCommit(hint.commit));
  return CheckBranch(hint.branch);
}

StatusOr<Event> Decode(const DialectSettings& settings, std::string_view, const Json& payload) {
  ASSIGN_OR_RETURN(const std::string type, RequiredText(payload["type"], "type"));
  if (type == "job-completed") return Event(OtherEvent{"a job; its workflow's own event follows"});
  if (type != "workflow-completed") {
    return Event(
        OtherEvent{Cat("the event ", EscapeControl(Truncate(type, 40)), " is not worked on")});
  }
  RunEvent event;
  event.run = ForeignHint(settings);
  RunHint& hint = event.run;
  const Json workflow = payload["workflow"];
  bool fork = false;
  RETURN_IF_ERROR(ReadCommit(payload["pipeline"], hint, fork));
  // What a fork calls main is not our main.
  if (fork) return Event(OtherEvent{"the commit is of a fork"});
  ASSIGN_OR_RETURN(hint.key.run_id, RequiredText(workflow["id"], "workflow.id"));
  RETURN_IF_ERROR(CheckRunId(hint.key.run_id));
  ASSIGN_OR_RETURN(const std::string name, OptionalText(workflow["name"], "workflow.name"));
  ASSIGN_OR_RETURN(const std::string url, OptionalText(workflow["url"], "workflow.url"));
  ASSIGN_OR_RETURN(const std::string status, RequiredText(workflow["status"], "workflow.status"));
  hint.workflow = NameText(name);
  hint.link = LinkText(url);
  event.conclusion = NameText(status);
  event.failed = status == "failed";
  event.passed = status == "success";
  return Event(std::move(event));
}

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewCircleciCi(const CiOptions& options) {
  return NewDialectCi(options, {Authenticate, EventName, Key, Decode, false, "", false});
}

}  // namespace regreen
