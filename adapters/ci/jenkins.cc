#include "adapters/ci/jenkins.h"

#include "adapters/ci/dialect.h"
#include "adapters/ci/fields.h"
#include "adapters/ci/log_url.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

// The plugin signs nothing. What stands before the @ of the URL it sends as Basic
// (plugins.jenkins.io/notification; Protocol.java), and a proxy may set a header of its own.
Status Authenticate(const DialectSettings& settings, const Headers& headers, std::string_view) {
  return CheckToken(settings.secret, headers, settings.token_header);
}

StatusOr<std::string> EventName(const Headers&, const Json&) {
  return std::string("build");
}

std::string Key(const Headers&, const Json&) {
  return "";
}

// As the git plugin names it: "origin/main".
std::string Branch(std::string_view branch) {
  for (const std::string_view prefix : {"refs/remotes/", "refs/heads/", "origin/"}) {
    if (branch.starts_with(prefix)) branch.remove_prefix(prefix.size());
  }
  return branch == "detached" ? "" : std::string(branch);
}

// Names of jobs may hold anything; a run's id may not.
std::string RunId(std::string_view job, std::int64_t number) {
  const bool plain = job.size() <= 150 && CheckRunId(job).ok();
  return Cat(plain ? std::string(job) : Sha256Hex(job).substr(0, 16), "/", number);
}

Status ReadLog(const DialectSettings& settings, const Json& build, const std::string& full_url,
               RunHint& hint) {
  ASSIGN_OR_RETURN(std::string log, OptionalText(build["log"], "build.log"));
  if (settings.log_url_prefixes.empty() || full_url.empty()) {
    hint.inline_log = CapLog(std::move(log));
    return OkStatus();
  }
  ASSIGN_OR_RETURN(hint.log_url,
                   AllowedLogUrl(settings.log_url_prefixes,
                                 Cat(full_url, full_url.ends_with('/') ? "" : "/", "consoleText")));
  return OkStatus();
}

StatusOr<Event> Decode(const DialectSettings& settings, std::string_view, const Json& payload) {
  const Json build = payload["build"];
  ASSIGN_OR_RETURN(const std::string phase, RequiredText(build["phase"], "build.phase"));
  // Of STARTED, COMPLETED and FINALIZED the last comes once the log is whole.
  if (phase != "FINALIZED") {
    return Event(OtherEvent{
        Cat("the build's phase is ", EscapeControl(Truncate(phase, 40)), ", not FINALIZED")});
  }
  RunEvent event;
  event.run = ForeignHint(settings);
  RunHint& hint = event.run;
  ASSIGN_OR_RETURN(const std::string name, RequiredText(payload["name"], "name"));
  ASSIGN_OR_RETURN(const std::int64_t number, RequiredInt(build["number"], "build.number"));
  if (number <= 0) return InvalidArgument("the payload's build.number is not a positive number");
  hint.key.run_id = RunId(name, number);
  const Json scm = build["scm"];
  ASSIGN_OR_RETURN(const std::string remote, RequiredText(scm["url"], "build.scm.url"));
  ASSIGN_OR_RETURN(hint.key.repo, RepoOfCloneUrl(remote));
  ASSIGN_OR_RETURN(hint.commit, RequiredText(scm["commit"], "build.scm.commit"));
  RETURN_IF_ERROR(CheckCommit(hint.commit));
  ASSIGN_OR_RETURN(const std::string branch, OptionalText(scm["branch"], "build.scm.branch"));
  hint.branch = Branch(branch);
  RETURN_IF_ERROR(CheckBranch(hint.branch));
  ASSIGN_OR_RETURN(const std::string status, RequiredText(build["status"], "build.status"));
  ASSIGN_OR_RETURN(const std::string full_url, OptionalText(build["full_url"], "build.full_url"));
  hint.workflow = hint.job = NameText(name);
  hint.link = LinkText(full_url);
  event.conclusion = NameText(status);
  event.failed = status == "FAILURE" || status == "UNSTABLE";  // UNSTABLE: tests failed
  event.passed = status == "SUCCESS";
  if (event.failed) RETURN_IF_ERROR(ReadLog(settings, build, full_url, hint));
  return Event(std::move(event));
}

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewJenkinsCi(const CiOptions& options) {
  return NewDialectCi(options, {Authenticate, EventName, Key, Decode, true, "authorization", true});
}

}  // namespace regreen
