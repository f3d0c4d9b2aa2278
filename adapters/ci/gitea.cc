#include "adapters/ci/gitea.h"

#include "adapters/ci/dialect.h"
#include "adapters/ci/fields.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// Both send bare hex beside GitHub's form. docs.gitea.com/usage/webhooks and
// forgejo.org/docs/latest/user/webhooks; Forgejo sends Gitea's headers, too.
Status Authenticate(const DialectSettings& settings, const Headers& headers,
                    std::string_view body) {
  std::string_view signature = HeaderValue(headers, "x-forgejo-signature");
  if (signature.empty()) signature = HeaderValue(headers, "x-gitea-signature");
  if (signature.empty() && !HeaderValue(headers, "x-github-event").empty() &&
      HeaderValue(headers, "x-gitea-event").empty()) {
    return Unauthenticated("This is a delivery of GitHub: send it to a CI of the kind github.");
  }
  if (signature.empty()) {
    return Unauthenticated(
        "The delivery is not signed: give the webhook a secret on Gitea's or Forgejo's side.");
  }
  return CheckHmac(settings.secret.Reveal(), signature, body);
}

StatusOr<std::string> EventName(const Headers& headers, const Json&) {
  std::string_view name = HeaderValue(headers, "x-forgejo-event");
  if (name.empty()) name = HeaderValue(headers, "x-gitea-event");
  if (name.empty() || name.size() > 64 ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string_view::npos) {
    return InvalidArgument(
        "The header X-Gitea-Event or X-Forgejo-Event is missing or is no event's name.");
  }
  return std::string(name);
}

std::string Key(const Headers& headers, const Json&) {
  const std::string_view forgejo = HeaderValue(headers, "x-forgejo-delivery");
  return std::string(forgejo.empty() ? HeaderValue(headers, "x-gitea-delivery") : forgejo);
}

Status ReadRun(const DialectSettings& settings, const Json& repository, const Json& id,
               RunHint& hint) {
  hint.ci = settings.name;
  hint.key.forge = settings.forge;
  ASSIGN_OR_RETURN(hint.key.repo, RequiredText(repository["full_name"], "repository's full_name"));
  RETURN_IF_ERROR(CheckRepo(hint.key.repo, false));
  ASSIGN_OR_RETURN(const std::int64_t number, RequiredInt(id, "run's id"));
  if (number <= 0) return InvalidArgument("the payload's run's id is not a positive number");
  hint.key.run_id = Cat(number);
  return OkStatus();
}

void Conclude(std::string_view conclusion, RunEvent& event) {
  event.conclusion = NameText(conclusion);
  event.failed = conclusion == "failure";
  event.passed = conclusion == "success";
}

// Gitea's api.WorkflowRunPayload (modules/structs/hook.go), its run an api.ActionWorkflowRun.
StatusOr<Event> DecodeGitea(const DialectSettings& settings, const Json& payload) {
  ASSIGN_OR_RETURN(const std::string action, RequiredText(payload["action"], "action"));
  if (action != "completed") {
    return Event(
        OtherEvent{Cat("the run is ", EscapeControl(Truncate(action, 40)), ", not completed")});
  }
  const Json run = payload["workflow_run"];
  RunEvent event;
  RunHint& hint = event.run;
  RETURN_IF_ERROR(ReadRun(settings, payload["repository"], run["id"], hint));
  // Before runs were numbered the field is 0 or absent: then the newest is meant.
  hint.key.attempt = RunKey::kNewest;
  if (!run["run_attempt"].IsNull()) {
    ASSIGN_OR_RETURN(const std::int64_t attempt,
                     RequiredInt(run["run_attempt"], "workflow_run.run_attempt"));
    if (attempt != 0) {
      ASSIGN_OR_RETURN(hint.key.attempt, CheckAttempt(attempt));
    }
  }
  ASSIGN_OR_RETURN(hint.commit, RequiredText(run["head_sha"], "workflow_run.head_sha"));
  RETURN_IF_ERROR(CheckCommit(hint.commit));
  ASSIGN_OR_RETURN(hint.branch, OptionalText(run["head_branch"], "workflow_run.head_branch"));
  RETURN_IF_ERROR(CheckBranch(hint.branch));
  ASSIGN_OR_RETURN(const std::string path, OptionalText(run["path"], "workflow_run.path"));
  ASSIGN_OR_RETURN(const std::string trigger, OptionalText(run["event"], "workflow_run.event"));
  ASSIGN_OR_RETURN(const std::string link, OptionalText(run["html_url"], "workflow_run.html_url"));
  ASSIGN_OR_RETURN(const std::string conclusion,
                   OptionalText(run["conclusion"], "workflow_run.conclusion"));
  // "test.yml@refs/heads/main"
  hint.workflow = NameText(path.substr(0, path.find('@')));
  hint.event = NameText(trigger);
  hint.link = LinkText(link);
  Conclude(conclusion, event);
  return Event(std::move(event));
}

// Forgejo's api.ActionPayload and api.ActionRun (modules/structs/action.go): no attempt, and the
// outcome is the status.
StatusOr<Event> DecodeForgejo(const DialectSettings& settings, const Json& payload) {
  const Json run = payload["run"];
  RunEvent event;
  RunHint& hint = event.run;
  RETURN_IF_ERROR(ReadRun(settings, run["repository"], run["id"], hint));
  hint.key.attempt = RunKey::kNewest;
  ASSIGN_OR_RETURN(hint.commit, RequiredText(run["commit_sha"], "run.commit_sha"));
  RETURN_IF_ERROR(CheckCommit(hint.commit));
  ASSIGN_OR_RETURN(hint.branch, OptionalText(run["prettyref"], "run.prettyref"));
  if (hint.branch.starts_with('#')) hint.branch.clear();  // a pull request's: "#12"
  RETURN_IF_ERROR(CheckBranch(hint.branch));
  ASSIGN_OR_RETURN(const std::string workflow, OptionalText(run["workflow_id"], "run.workflow_id"));
  ASSIGN_OR_RETURN(const std::string trigger,
                   OptionalText(run["trigger_event"], "run.trigger_event"));
  ASSIGN_OR_RETURN(const std::string link, OptionalText(run["html_url"], "run.html_url"));
  ASSIGN_OR_RETURN(const std::string status, RequiredText(run["status"], "run.status"));
  hint.workflow = NameText(workflow);
  hint.event = NameText(trigger);
  hint.link = LinkText(link);
  Conclude(status, event);
  return Event(std::move(event));
}

// api.PullRequestPayload: closed as GitHub says it; a push to the branch is "synchronized".
StatusOr<Event> DecodePullRequest(const DialectSettings& settings, const Json& payload) {
  ASSIGN_OR_RETURN(const std::string action, RequiredText(payload["action"], "action"));
  if (action != "closed" && action != "synchronized") {
    return Event(OtherEvent{Cat("the pull request is ", EscapeControl(Truncate(action, 40)))});
  }
  ChangeEvent event;
  event.forge = settings.forge;
  ASSIGN_OR_RETURN(event.repo,
                   RequiredText(payload["repository"]["full_name"], "repository.full_name"));
  RETURN_IF_ERROR(CheckRepo(event.repo, false));
  ASSIGN_OR_RETURN(event.number, RequiredInt(payload["number"], "number"));
  if (event.number <= 0) return InvalidArgument("the payload's number is not a positive number");
  return Event(std::move(event));
}

StatusOr<Event> Decode(const DialectSettings& settings, std::string_view event,
                       const Json& payload) {
  if (event == "workflow_run") return DecodeGitea(settings, payload);
  if (event == "action_run_failure" || event == "action_run_success" ||
      event == "action_run_recover") {
    return DecodeForgejo(settings, payload);
  }
  if (event == "pull_request" || event == "pull_request_sync")
    return DecodePullRequest(settings, payload);
  if (event == "workflow_job") return Event(OtherEvent{"a job; its run's own event follows"});
  return Event(OtherEvent{Cat("the event ", event, " is not worked on")});
}

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewGiteaCi(const CiOptions& options) {
  return NewDialectCi(options, {Authenticate, EventName, Key, Decode, false, "", false});
}

}  // namespace regreen
