#include "adapters/ci/buildkite.h"

#include "absl/time/time.h"
#include "adapters/ci/dialect.h"
#include "adapters/ci/fields.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kTolerance = absl::Minutes(5);

// "timestamp=1619071700,signature=<hex>", the HMAC over "timestamp.body".
// buildkite.com/docs/apis/webhooks/pipelines, "Webhook signature".
Status CheckSignature(const DialectSettings& settings, const Headers& headers,
                      std::string_view body) {
  std::string_view timestamp, signature;
  for (std::string_view part : Split(HeaderValue(headers, "x-buildkite-signature"), ',')) {
    if (part.starts_with("timestamp=")) timestamp = part.substr(10);
    if (part.starts_with("signature=")) signature = part.substr(10);
  }
  std::int64_t seconds = 0;
  if (signature.empty() || !ParseInt64(timestamp, &seconds))
    return Unauthenticated("The header X-Buildkite-Signature is missing or is no signature.");
  RETURN_IF_ERROR(CheckHmac(settings.secret.Reveal(), signature, Cat(timestamp, ".", body)));
  const absl::Duration off = settings.clock->Now() - absl::FromUnixSeconds(seconds);
  if (off <= kTolerance && off >= -kTolerance) return OkStatus();
  return Unauthenticated(
      Cat("The delivery is signed for another time, ", absl::ToInt64Seconds(absl::AbsDuration(off)),
          " seconds from now: it is a repetition of an old one, or a clock is wrong."));
}

// The config says which is asked for, so that a caught token does not stand in for a signature.
Status Authenticate(const DialectSettings& settings, const Headers& headers,
                    std::string_view body) {
  if (!settings.token_header.empty())
    return CheckToken(settings.secret, headers, settings.token_header);
  return CheckSignature(settings, headers, body);
}

StatusOr<std::string> EventName(const Headers& headers, const Json&) {
  const std::string_view name = HeaderValue(headers, "x-buildkite-event");
  if (name.empty() || name.size() > 64 ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_.") != std::string_view::npos) {
    return InvalidArgument("The header X-Buildkite-Event is missing or is no event's name.");
  }
  return std::string(name);
}

std::string Key(const Headers&, const Json&) {
  return "";
}

// The repository that a pull request's commit is of, when it is another than the pipeline's.
StatusOr<bool> IsFork(const Json& build, const std::string& repo) {
  ASSIGN_OR_RETURN(const std::string source, OptionalText(build["pull_request"]["repository"],
                                                          "build.pull_request.repository"));
  if (source.empty()) return false;
  ASSIGN_OR_RETURN(const std::string other, RepoOfCloneUrl(source));
  return other != repo;
}

// The object is that of the REST API, without its jobs: buildkite.com/docs/apis/rest-api/builds.
StatusOr<Event> Decode(const DialectSettings& settings, std::string_view name,
                       const Json& payload) {
  if (name == "ping") return Event(PingEvent());
  if (name != "build.finished")
    return Event(OtherEvent{Cat("the event ", name, " is not worked on")});
  const Json build = payload["build"], pipeline = payload["pipeline"];
  RunEvent event;
  event.run = ForeignHint(settings);
  RunHint& hint = event.run;
  ASSIGN_OR_RETURN(const std::string remote,
                   RequiredText(pipeline["repository"], "pipeline.repository"));
  ASSIGN_OR_RETURN(hint.key.repo, RepoOfCloneUrl(remote));
  ASSIGN_OR_RETURN(const bool fork, IsFork(build, hint.key.repo));
  // What a fork calls main is not our main.
  if (fork) return Event(OtherEvent{"the commit is of a fork"});
  ASSIGN_OR_RETURN(hint.key.run_id, RequiredText(build["id"], "build.id"));
  RETURN_IF_ERROR(CheckRunId(hint.key.run_id));
  ASSIGN_OR_RETURN(hint.commit, RequiredText(build["commit"], "build.commit"));
  RETURN_IF_ERROR(CheckCommit(hint.commit));
  ASSIGN_OR_RETURN(hint.branch, OptionalText(build["branch"], "build.branch"));
  RETURN_IF_ERROR(CheckBranch(hint.branch));
  ASSIGN_OR_RETURN(const std::string slug, OptionalText(pipeline["slug"], "pipeline.slug"));
  ASSIGN_OR_RETURN(const std::string source, OptionalText(build["source"], "build.source"));
  ASSIGN_OR_RETURN(const std::string link, OptionalText(build["web_url"], "build.web_url"));
  // A payload may be newer than its event: a build that runs again is not failed.
  ASSIGN_OR_RETURN(const std::string state, RequiredText(build["state"], "build.state"));
  hint.workflow = NameText(slug);
  hint.event = NameText(source);
  hint.link = LinkText(link);
  event.conclusion = NameText(state);
  event.failed = state == "failed";
  event.passed = state == "passed";
  return Event(std::move(event));
}

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewBuildkiteCi(const CiOptions& options) {
  return NewDialectCi(options, {Authenticate, EventName, Key, Decode, true, "", false});
}

}  // namespace regreen
