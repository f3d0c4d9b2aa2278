#include "adapters/ci/cdevents.h"

#include "adapters/ci/dialect.h"
#include "adapters/ci/fields.h"
#include "adapters/ci/log_url.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// CloudEvents leaves authentication to HTTP: a secret in Authorization or a header of one's own.
Status Authenticate(const DialectSettings& settings, const Headers& headers, std::string_view) {
  return CheckToken(settings.secret, headers, settings.token_header);
}

StatusOr<std::string> EventName(const Headers&, const Json&) {
  return std::string("cdevent");
}

// In the structured mode the CDEvent is the member data, in the binary mode the whole body.
// cloudevents.io, HTTP protocol binding 1.0.
Json EventOf(const Json& payload) {
  return payload["specversion"].IsString() ? payload["data"] : payload;
}

// Source and id together are unique (CloudEvents 1.0, "id").
std::string Key(const Headers& headers, const Json& payload) {
  const Json context = EventOf(payload)["context"];
  std::string source = context["source"].StringOr(""), id = context["id"].StringOr("");
  if (payload["specversion"].IsString()) {
    source = payload["source"].StringOr(source);
    id = payload["id"].StringOr(id);
  } else if (!HeaderValue(headers, "ce-id").empty()) {
    source = HeaderValue(headers, "ce-source");
    id = HeaderValue(headers, "ce-id");
  }
  return id.empty() ? "" : Sha256Hex(Cat(source.size(), ":", source, id));
}

// customData, ours: repository (owner/name) and commit are needed; branch, job, command, log and
// logUrl may be there.
Status ReadCustom(const DialectSettings& settings, const Json& custom, bool failed, RunHint& hint) {
  ASSIGN_OR_RETURN(hint.key.repo, RequiredText(custom["repository"], "customData.repository"));
  RETURN_IF_ERROR(CheckRepo(hint.key.repo, true));
  ASSIGN_OR_RETURN(hint.commit, RequiredText(custom["commit"], "customData.commit"));
  RETURN_IF_ERROR(CheckCommit(hint.commit));
  ASSIGN_OR_RETURN(hint.branch, OptionalText(custom["branch"], "customData.branch"));
  RETURN_IF_ERROR(CheckBranch(hint.branch));
  ASSIGN_OR_RETURN(const std::string job, OptionalText(custom["job"], "customData.job"));
  hint.job = NameText(job);
  if (!failed) return OkStatus();
  ASSIGN_OR_RETURN(hint.command, OptionalText(custom["command"], "customData.command"));
  if (hint.command.size() > 4096 || hint.command.find('\0') != std::string::npos)
    return InvalidArgument("the command is longer than 4096 bytes or holds a NUL");
  ASSIGN_OR_RETURN(std::string log, OptionalText(custom["log"], "customData.log"));
  ASSIGN_OR_RETURN(const std::string log_url, OptionalText(custom["logUrl"], "customData.logUrl"));
  hint.inline_log = CapLog(std::move(log));
  if (hint.inline_log.empty() && !log_url.empty()) {
    ASSIGN_OR_RETURN(hint.log_url, AllowedLogUrl(settings.log_url_prefixes, log_url));
  }
  return OkStatus();
}

// Fields by cdevents.dev/docs/core, pipelinerun and taskrun finished.
StatusOr<Event> Decode(const DialectSettings& settings, std::string_view, const Json& payload) {
  const Json cdevent = EventOf(payload);
  ASSIGN_OR_RETURN(const std::string type,
                   RequiredText(cdevent["context"]["type"], "context.type"));
  if (type.starts_with("dev.cdevents.taskrun."))
    return Event(OtherEvent{"a task; its pipeline's own event follows"});
  if (!type.starts_with("dev.cdevents.pipelinerun.finished.")) {
    return Event(
        OtherEvent{Cat("the event ", EscapeControl(Truncate(type, 80)), " is not worked on")});
  }
  RunEvent event;
  event.run = ForeignHint(settings);
  const Json subject = cdevent["subject"], content = subject["content"];
  ASSIGN_OR_RETURN(event.run.key.run_id, RequiredText(subject["id"], "subject.id"));
  RETURN_IF_ERROR(CheckRunId(event.run.key.run_id));
  ASSIGN_OR_RETURN(const std::string name,
                   OptionalText(content["pipelineName"], "subject.content.pipelineName"));
  ASSIGN_OR_RETURN(const std::string link, OptionalText(content["url"], "subject.content.url"));
  ASSIGN_OR_RETURN(const std::string outcome,
                   RequiredText(content["outcome"], "subject.content.outcome"));
  event.run.workflow = NameText(name);
  event.run.link = LinkText(link);
  event.conclusion = NameText(outcome);
  event.failed = outcome == "failure" || outcome == "error" || outcome == "fail";
  event.passed = outcome == "success" || outcome == "pass";
  RETURN_IF_ERROR(ReadCustom(settings, cdevent["customData"], event.failed, event.run));
  return Event(std::move(event));
}

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewCdeventsCi(const CiOptions& options) {
  return NewDialectCi(options, {Authenticate, EventName, Key, Decode, true, "authorization", true});
}

}  // namespace regreen
