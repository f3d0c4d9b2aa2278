#include "adapters/ci/gitlab.h"

#include <algorithm>
#include <utility>

#include "adapters/ci/fields.h"
#include "adapters/ci/standard_webhooks.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::string_view kPipeline = "Pipeline Hook", kJob = "Job Hook",
                           kMergeRequest = "Merge Request Hook", kNote = "Note Hook";
constexpr std::size_t kLongestNote = 1'000'000;  // GitLab's own limit

// Source: the pipeline's states in GitLab's documentation. The rest (success, failed, canceled,
// skipped, and what is new) is an end.
bool GoesOn(std::string_view status) {
  constexpr std::string_view kStates[] = {"created",   "waiting_for_resource",
                                          "preparing", "waiting_for_callback",
                                          "pending",   "running",
                                          "canceling", "scheduled",
                                          "manual"};
  return std::find(std::begin(kStates), std::end(kStates), status) != std::end(kStates);
}

bool IsEventName(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(
             "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_ -") ==
             std::string_view::npos;
}

Status CheckKind(const Json& payload, std::string_view kind) {
  if (payload["object_kind"].StringOr("") == kind) return OkStatus();
  return InvalidArgument(Cat("the payload's object_kind is not ", kind,
                             ": a custom template of the webhook may have changed its form"));
}

// "action" is create or update; GitLab before 16.11 does not tell it, and sends new notes alone.
bool IsNewNote(const Json& note) {
  return note["action"].IsNull() || note["action"].StringOr("") == "create";
}

// What a pipeline's green is compared by with an earlier red: its name, where `workflow: name`
// gives it one. A child without a name is like no other pipeline: its parent may have several.
std::string WorkflowOf(std::string_view name, std::string_view source, std::int64_t id) {
  if (!name.empty()) return std::string(name);
  return source == "parent_pipeline" ? Cat("child pipeline ", id) : "pipeline";
}

std::string NoteKey(std::string_view event, const std::string& body) {
  if (event != kNote) return "";
  const auto payload = Json::Parse(body);
  if (!payload.ok() || !IsNewNote((*payload)["object_attributes"])) return "";
  const std::int64_t id = (*payload)["object_attributes"]["id"].IntOr(0);
  return id > 0 ? Cat("note-", id) : "";
}

// The users of project and group tokens: project_1_bot_…, group_1_bot_….
bool IsBot(std::string_view username) {
  return (username.starts_with("project_") || username.starts_with("group_")) &&
         username.find("_bot") != std::string_view::npos;
}

// A pipeline's variables may be secrets, and are of no use here: they are not kept. What cannot be
// read stays as it is: Decode says what is wrong with it.
std::string WithoutVariables(std::string body) {
  const auto payload = Json::Parse(body);
  if (!payload.ok() || !(*payload)["object_attributes"]["variables"].IsArray()) return body;
  JsonWriter out;
  out.BeginObject();
  for (const auto& [key, value] : payload->Members()) {
    out.Key(key);
    if (key != "object_attributes") {
      out.Value(value);
      continue;
    }
    out.BeginObject();
    for (const auto& [field, one] : value.Members()) {
      if (field != "variables") out.Key(field).Value(one);
    }
    out.EndObject();
  }
  out.EndObject();
  return out.Take();
}

class GitlabCi final : public CiSource {
 public:
  GitlabCi(const CiOptions& options, std::vector<Secret> keys, std::vector<Secret> tokens)
      : name_(options.name),
        forge_(options.forge),
        clock_(options.clock),
        keys_(std::move(keys)),
        tokens_(std::move(tokens)) {}

  Status Authenticate(const Headers& headers, std::string_view raw_body) const override {
    const bool is_signed = !HeaderValue(headers, "webhook-signature").empty();
    if (!keys_.empty() && (is_signed || tokens_.empty()))
      return CheckStandardWebhook(keys_, headers, raw_body, Now());
    const std::string_view given = HeaderValue(headers, "x-gitlab-token");
    if (given.empty())
      return Unauthenticated(
          "The delivery holds no secret: give the webhook one on GitLab's side.");
    // Digests have one length, so that the time does not tell the secret's.
    const std::string digest = Sha256(given);
    bool fits = false;
    for (const Secret& token : tokens_) fits |= ConstantTimeEquals(digest, Sha256(token.Reveal()));
    if (fits) return OkStatus();
    return Unauthenticated("The header X-Gitlab-Token does not hold this webhook's secret.");
  }

  StatusOr<Delivery> Describe(const Headers& headers, std::string raw_body) const override {
    Delivery delivery;
    delivery.ci = name_;
    delivery.event = std::string(HeaderValue(headers, "x-gitlab-event"));
    if (!IsEventName(delivery.event))
      return InvalidArgument("The header X-Gitlab-Event is missing or is no event's name.");
    delivery.key = KeyText(HeaderValue(headers, "webhook-id"));
    if (delivery.key.empty()) delivery.key = KeyText(HeaderValue(headers, "idempotency-key"));
    // A new note is one thing, whichever hooks tell of it.
    if (const std::string key = NoteKey(delivery.event, raw_body); !key.empty()) delivery.key = key;
    // An event's UUID is shared by the events that it leads to: it tells one only with its body.
    if (delivery.key.empty()) {
      const std::string uuid = KeyText(HeaderValue(headers, "x-gitlab-event-uuid"));
      const std::string digest = Sha256Hex(raw_body);
      delivery.key = uuid.empty() ? digest : KeyText(Cat(uuid, "-", digest.substr(0, 32)));
      if (delivery.key.empty()) delivery.key = digest;
    }
    delivery.body = WithoutVariables(std::move(raw_body));
    return delivery;
  }

  StatusOr<Event> Decode(const Delivery& delivery) const override {
    ASSIGN_OR_RETURN(const Json payload, Json::Parse(delivery.body));
    if (!payload.IsObject()) return InvalidArgument("the payload is no JSON object");
    if (delivery.event == kPipeline) return DecodePipeline(payload);
    if (delivery.event == kJob) return DecodeJob(payload);
    if (delivery.event == kMergeRequest) return DecodeMergeRequest(payload);
    if (delivery.event == kNote) return DecodeNote(payload);
    return Event(OtherEvent{Cat("the event ", delivery.event, " is not worked on")});
  }

 private:
  absl::Time Now() const { return clock_ != nullptr ? clock_->Now() : absl::Now(); }

  StatusOr<std::string> Repo(const Json& payload) const {
    ASSIGN_OR_RETURN(std::string repo, RequiredText(payload["project"]["path_with_namespace"],
                                                    "project.path_with_namespace"));
    RETURN_IF_ERROR(CheckRepo(repo, true));
    return repo;
  }

  StatusOr<Event> DecodePipeline(const Json& payload) const {
    RETURN_IF_ERROR(CheckKind(payload, "pipeline"));
    const Json pipeline = payload["object_attributes"];
    ASSIGN_OR_RETURN(const std::string status,
                     RequiredText(pipeline["status"], "object_attributes.status"));
    if (GoesOn(status)) {
      return Event(OtherEvent{Cat("the pipeline is ", status, ", and has not ended")});
    }
    RunEvent event;
    RunHint& hint = event.run;
    hint.ci = name_;
    hint.key.forge = forge_;
    // Retried jobs keep their pipeline, and the payload does not number what it tells of.
    hint.key.attempt = RunKey::kNewest;
    ASSIGN_OR_RETURN(hint.key.repo, Repo(payload));
    ASSIGN_OR_RETURN(const std::int64_t id, RequiredInt(pipeline["id"], "object_attributes.id"));
    if (id <= 0) return InvalidArgument("the payload's object_attributes.id is not positive");
    hint.key.run_id = Cat(id);
    ASSIGN_OR_RETURN(hint.commit, RequiredText(pipeline["sha"], "object_attributes.sha"));
    RETURN_IF_ERROR(CheckCommit(hint.commit));
    ASSIGN_OR_RETURN(hint.branch, OptionalText(pipeline["ref"], "object_attributes.ref"));
    RETURN_IF_ERROR(CheckBranch(hint.branch));
    ASSIGN_OR_RETURN(const std::string source,
                     OptionalText(pipeline["source"], "object_attributes.source"));
    ASSIGN_OR_RETURN(const std::string name,
                     OptionalText(pipeline["name"], "object_attributes.name"));
    ASSIGN_OR_RETURN(const std::string link,
                     OptionalText(pipeline["url"], "object_attributes.url"));
    hint.event = NameText(source);
    hint.workflow = NameText(WorkflowOf(name, source, id));
    hint.link = LinkText(link);
    event.conclusion = NameText(status);
    event.failed = status == "failed";
    event.passed = status == "success";
    return Event(std::move(event));
  }

  // A failed job is not collected by itself: its pipeline's own event follows once, when all of the
  // pipeline's jobs have ended.
  static StatusOr<Event> DecodeJob(const Json& payload) {
    RETURN_IF_ERROR(CheckKind(payload, "build"));
    ASSIGN_OR_RETURN(const std::string status,
                     RequiredText(payload["build_status"], "build_status"));
    return Event(OtherEvent{Cat("the job is ", EscapeControl(Truncate(status, 40)),
                                "; its pipeline's own event follows")});
  }

  StatusOr<Event> DecodeMergeRequest(const Json& payload) const {
    RETURN_IF_ERROR(CheckKind(payload, "merge_request"));
    const Json request = payload["object_attributes"];
    ASSIGN_OR_RETURN(const std::string action,
                     OptionalText(request["action"], "object_attributes.action"));
    // An update with an oldrev is a push to its branch.
    const bool pushed = action == "update" && request["oldrev"].IsString();
    if (action != "close" && action != "merge" && !pushed) {
      return Event(
          OtherEvent{Cat("the merge request's event is ",
                         action.empty() ? "of no action" : EscapeControl(Truncate(action, 40)))});
    }
    ChangeEvent event;
    event.forge = forge_;
    ASSIGN_OR_RETURN(event.repo, Repo(payload));
    ASSIGN_OR_RETURN(event.number, RequiredInt(request["iid"], "object_attributes.iid"));
    if (event.number <= 0)
      return InvalidArgument("the payload's object_attributes.iid is not positive");
    return Event(std::move(event));
  }

  StatusOr<Event> DecodeNote(const Json& payload) const {
    RETURN_IF_ERROR(CheckKind(payload, "note"));
    const Json note = payload["object_attributes"];
    if (!IsNewNote(note)) return Event(OtherEvent{"the note was edited"});
    CommentEvent event;
    event.forge = forge_;
    ASSIGN_OR_RETURN(event.author, RequiredText(payload["user"]["username"], "user.username"));
    if (note["system"].BoolOr(false) || IsBot(event.author))
      return Event(OtherEvent{"the note is by a program"});
    // One that only some may read would be answered where all can.
    if (note["internal"].BoolOr(false) || note["confidential"].BoolOr(false))
      return Event(OtherEvent{"the note is internal"});
    const std::string kind = note["noteable_type"].StringOr("");
    event.on_change = kind == "MergeRequest";
    if (!event.on_change && kind != "Issue")
      return Event(OtherEvent{"the note is on neither a merge request nor an issue"});
    ASSIGN_OR_RETURN(event.repo, Repo(payload));
    ASSIGN_OR_RETURN(
        event.number,
        RequiredInt(payload[event.on_change ? "merge_request" : "issue"]["iid"], "iid"));
    ASSIGN_OR_RETURN(event.id, RequiredInt(note["id"], "object_attributes.id"));
    ASSIGN_OR_RETURN(event.author_id,
                     RequiredInt(note["author_id"], "object_attributes.author_id"));
    ASSIGN_OR_RETURN(event.body, OptionalText(note["note"], "object_attributes.note"));
    RETURN_IF_ERROR(CheckComment(event));
    if (event.body.size() > kLongestNote) event.body.resize(kLongestNote);
    return Event(std::move(event));
  }

  const std::string name_, forge_;
  const Clock* const clock_;
  const std::vector<Secret> keys_, tokens_;
};

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewGitlabCi(const CiOptions& options) {
  std::vector<std::string> problems;
  std::vector<Secret> keys, tokens;
  if (options.secret.empty())
    problems.push_back("a secret is needed: without one anyone could send failures");
  std::vector<Secret> secrets = options.old_secrets;
  secrets.insert(secrets.begin(), options.secret);
  for (const Secret& secret : secrets) {
    if (secret.empty()) continue;
    if (!IsSigningSecret(secret)) {
      tokens.push_back(secret);
      continue;
    }
    auto key = SigningKey(secret);
    if (key.ok()) {
      keys.push_back(*std::move(key));
    } else {
      problems.push_back(Message(key.status()));
    }
  }
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<CiSource>(
      std::make_unique<GitlabCi>(options, std::move(keys), std::move(tokens)));
}

}  // namespace regreen
