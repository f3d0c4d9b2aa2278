#include "adapters/ci/github.h"

#include <utility>

#include "adapters/ci/fields.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kSignaturePrefix = "sha256=";

// The rest (cancelled, skipped, neutral, stale, success, action_required, and what is new) is no
// failure.
bool IsFailure(std::string_view conclusion) {
  return conclusion == "failure" || conclusion == "timed_out" || conclusion == "startup_failure";
}

constexpr std::string_view kIssueComment = "issue_comment",
                           kCodeComment = "pull_request_review_comment";
constexpr std::size_t kLongestComment = 65536;  // GitHub's own limit

// A new comment is one thing, whichever hooks tell of it: an app's and a repository's have keys of
// their own. "" for what is none.
std::string CommentKey(std::string_view event, const std::string& body) {
  if (event != kIssueComment && event != kCodeComment) return "";
  const auto payload = Json::Parse(body);
  if (!payload.ok() || (*payload)["action"].StringOr("") != "created") return "";
  const std::int64_t id = (*payload)["comment"]["id"].IntOr(0);
  return id > 0 ? Cat(event, "-", id) : "";
}

bool IsEventName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// The JSON of a delivery, whichever of GitHub's two content types it came as.
StatusOr<Json> PayloadOf(const Delivery& delivery) {
  const std::string type = Lower(HeaderValue(delivery.headers, "content-type"));
  if (!type.starts_with(kForm)) return Json::Parse(delivery.body);
  for (std::string_view field : Split(delivery.body, '&')) {
    if (field.starts_with("payload=")) return Json::Parse(PercentDecode(field.substr(8), true));
  }
  return InvalidArgument("the form has no field named payload");
}

class GithubCi final : public CiSource {
 public:
  explicit GithubCi(const CiOptions& options)
      : name_(options.name), forge_(options.forge), secret_(options.secret) {}

  Status Authenticate(const Headers& headers, std::string_view raw_body) const override {
    std::string_view signature = HeaderValue(headers, "x-hub-signature-256");
    if (!signature.starts_with(kSignaturePrefix)) {
      return Unauthenticated(
          "The delivery is not signed: give the webhook a secret on GitHub's side.");
    }
    signature.remove_prefix(kSignaturePrefix.size());
    return CheckHmac(secret_.Reveal(), signature, raw_body);
  }

  StatusOr<Delivery> Describe(const Headers& headers, std::string raw_body) const override {
    // Both sign and name their events as GitHub does, too, and mean their own repositories.
    if (!HeaderValue(headers, "x-gitea-event").empty() ||
        !HeaderValue(headers, "x-forgejo-event").empty()) {
      return InvalidArgument(
          "This is a delivery of Gitea or Forgejo: send it to a CI of the kind gitea.");
    }
    Delivery delivery;
    delivery.ci = name_;
    delivery.event = std::string(HeaderValue(headers, "x-github-event"));
    if (!IsEventName(delivery.event)) {
      return InvalidArgument("The header X-GitHub-Event is missing or is no event's name.");
    }
    delivery.key = KeyText(HeaderValue(headers, "x-github-delivery"));
    if (delivery.key.empty()) delivery.key = Sha256Hex(raw_body);
    if (const std::string key = CommentKey(delivery.event, raw_body); !key.empty())
      delivery.key = key;
    const std::string_view type = HeaderValue(headers, "content-type");
    if (!type.empty()) delivery.headers.emplace_back("content-type", Truncate(type, 100));
    delivery.body = std::move(raw_body);
    return delivery;
  }

  StatusOr<Event> Decode(const Delivery& delivery) const override {
    ASSIGN_OR_RETURN(const Json payload, PayloadOf(delivery));
    if (!payload.IsObject()) return InvalidArgument("the payload is no JSON object");
    if (delivery.event == "ping") return Event(PingEvent());
    if (delivery.event == "workflow_run") return DecodeRun(payload);
    if (delivery.event == "workflow_job") return DecodeJob(payload);
    if (delivery.event == "pull_request") return DecodePullRequest(payload);
    if (delivery.event == kIssueComment || delivery.event == kCodeComment)
      return DecodeComment(payload, delivery.event == kCodeComment);
    return Event(OtherEvent{Cat("the event ", delivery.event, " is not worked on")});
  }

 private:
  StatusOr<Event> DecodeRun(const Json& payload) const {
    ASSIGN_OR_RETURN(const std::string action, RequiredText(payload["action"], "action"));
    if (action != "completed") {
      return Event(
          OtherEvent{Cat("the run is ", EscapeControl(Truncate(action, 40)), ", not completed")});
    }
    const Json run = payload["workflow_run"];
    RunEvent event;
    RunHint& hint = event.run;
    hint.ci = name_;
    hint.key.forge = forge_;
    ASSIGN_OR_RETURN(hint.key.repo,
                     RequiredText(payload["repository"]["full_name"], "repository.full_name"));
    RETURN_IF_ERROR(CheckRepo(hint.key.repo, false));
    ASSIGN_OR_RETURN(const std::int64_t id, RequiredInt(run["id"], "workflow_run.id"));
    if (id <= 0) return InvalidArgument("the payload's workflow_run.id is not a positive number");
    hint.key.run_id = Cat(id);
    if (!run["run_attempt"].IsNull()) {
      ASSIGN_OR_RETURN(const std::int64_t attempt,
                       RequiredInt(run["run_attempt"], "workflow_run.run_attempt"));
      ASSIGN_OR_RETURN(hint.key.attempt, CheckAttempt(attempt));
    }
    ASSIGN_OR_RETURN(hint.commit, RequiredText(run["head_sha"], "workflow_run.head_sha"));
    RETURN_IF_ERROR(CheckCommit(hint.commit));
    ASSIGN_OR_RETURN(hint.branch, OptionalText(run["head_branch"], "workflow_run.head_branch"));
    RETURN_IF_ERROR(CheckBranch(hint.branch));
    RETURN_IF_ERROR(ReadNames(run, event));
    event.failed = IsFailure(event.conclusion);
    event.passed = event.conclusion == "success";
    return Event(std::move(event));
  }

  static Status ReadNames(const Json& run, RunEvent& event) {
    ASSIGN_OR_RETURN(const std::string conclusion,
                     OptionalText(run["conclusion"], "workflow_run.conclusion"));
    ASSIGN_OR_RETURN(const std::string workflow, OptionalText(run["name"], "workflow_run.name"));
    ASSIGN_OR_RETURN(const std::string trigger, OptionalText(run["event"], "workflow_run.event"));
    ASSIGN_OR_RETURN(const std::string link,
                     OptionalText(run["html_url"], "workflow_run.html_url"));
    event.conclusion = NameText(conclusion);
    event.run.workflow = NameText(workflow);
    event.run.event = NameText(trigger);
    event.run.link = LinkText(link);
    return OkStatus();
  }

  // A failed job is not collected by itself: its run's own event follows once, when all of the
  // run's jobs have ended, and names the same attempt. Collecting at each job would read an
  // unfinished run, and the same run as often as it has failing jobs.
  static StatusOr<Event> DecodeJob(const Json& payload) {
    ASSIGN_OR_RETURN(const std::string action, RequiredText(payload["action"], "action"));
    return Event(OtherEvent{
        Cat("the job is ", EscapeControl(Truncate(action, 40)), "; its run's own event follows")});
  }

  StatusOr<Event> DecodePullRequest(const Json& payload) const {
    ASSIGN_OR_RETURN(const std::string action, RequiredText(payload["action"], "action"));
    if (action != "closed" && action != "synchronize") {
      return Event(OtherEvent{Cat("the pull request is ", EscapeControl(Truncate(action, 40)))});
    }
    ChangeEvent event;
    event.forge = forge_;
    ASSIGN_OR_RETURN(event.repo,
                     RequiredText(payload["repository"]["full_name"], "repository.full_name"));
    RETURN_IF_ERROR(CheckRepo(event.repo, false));
    ASSIGN_OR_RETURN(event.number, RequiredInt(payload["number"], "number"));
    if (event.number <= 0) return InvalidArgument("the payload's number is not a positive number");
    return Event(std::move(event));
  }

  // Edits and deletions are no commands: what was said when it was written counts.
  StatusOr<Event> DecodeComment(const Json& payload, bool on_code) const {
    ASSIGN_OR_RETURN(const std::string action, RequiredText(payload["action"], "action"));
    if (action != "created")
      return Event(OtherEvent{Cat("the comment is ", EscapeControl(Truncate(action, 40)))});
    const Json comment = payload["comment"];
    if (comment["user"]["type"].StringOr("") != "User" ||
        !comment["performed_via_github_app"].IsNull())
      return Event(OtherEvent{"the comment is by a program"});
    CommentEvent event;
    event.forge = forge_;
    ASSIGN_OR_RETURN(event.repo,
                     RequiredText(payload["repository"]["full_name"], "repository.full_name"));
    RETURN_IF_ERROR(CheckRepo(event.repo, false));
    const Json place = on_code ? payload["pull_request"] : payload["issue"];
    ASSIGN_OR_RETURN(event.number, RequiredInt(place["number"], "number"));
    ASSIGN_OR_RETURN(event.id, RequiredInt(comment["id"], "comment.id"));
    ASSIGN_OR_RETURN(event.author, RequiredText(comment["user"]["login"], "comment.user.login"));
    ASSIGN_OR_RETURN(event.author_id, RequiredInt(comment["user"]["id"], "comment.user.id"));
    ASSIGN_OR_RETURN(event.body, OptionalText(comment["body"], "comment.body"));
    RETURN_IF_ERROR(CheckComment(event));
    event.on_code = on_code;
    event.on_change = on_code || !place["pull_request"].IsNull();
    if (event.body.size() > kLongestComment) event.body.resize(kLongestComment);
    return Event(std::move(event));
  }

  const std::string name_, forge_;
  const Secret secret_;
};

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewGithubCi(const CiOptions& options) {
  if (options.secret.empty()) {
    return InvalidArgument("a secret is needed: without one anyone could send failures");
  }
  return std::unique_ptr<CiSource>(std::make_unique<GithubCi>(options));
}

}  // namespace regreen
