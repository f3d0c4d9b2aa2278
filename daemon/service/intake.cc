#include "daemon/service/intake.h"

#include "daemon/base/crash_point.h"
#include "daemon/base/json.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/comment_commands.h"

namespace regreen {
namespace {

constexpr std::string_view kPrefix = "/hooks/";
constexpr int kRetryAfterSeconds = 10;

HttpResponse Answer(int status, std::string_view word, std::string_view message) {
  HttpResponse response;
  response.status = status;
  JsonWriter out;
  out.BeginObject().Field("status", word).Field("message", message).EndObject();
  response.body = out.Take();
  return response;
}

// What the store is to keep: a failure, or what may end one, waits with its body; all else is a
// decision. Whether anything waits for a green run is asked when it is collected, so that failures
// do not stand behind the question.
NewDelivery Sort(Delivery delivery, const Event& event) {
  NewDelivery taken;
  taken.pending = false;
  taken.decision_kind = "ignored";
  if (const auto* run = std::get_if<RunEvent>(&event)) {
    taken.pending = run->failed || run->passed;
    taken.decision = Cat("the run's conclusion is ", EscapeControl(Truncate(run->conclusion, 60)),
                         ", not a failure");
  } else if (const auto* comment = std::get_if<CommentEvent>(&event)) {
    taken.pending = !ReadCommands(comment->body).empty();
    taken.decision = "the comment holds no command";
  } else if (std::holds_alternative<PingEvent>(event)) {
    taken.decision = "a ping";
  } else if (std::holds_alternative<ChangeEvent>(event)) {
    taken.decision = "open changes are looked at on a schedule";
  } else {
    taken.decision = std::get<OtherEvent>(event).why;
  }
  if (!taken.pending) delivery.body.clear();
  taken.delivery = std::move(delivery);
  return taken;
}

}  // namespace

HttpResponse Intake::Handle(HttpRequest& request) const {
  const absl::Time start = absl::Now();
  const std::string ci = request.path.substr(std::min(kPrefix.size(), request.path.size()));
  std::string_view outcome = "unknown_ci";
  if (deps_.adapters->ci.find(ci) == deps_.adapters->ci.end()) {
    // The name is a stranger's: it does not become a label.
    deps_.metrics->CountDelivery("", outcome, absl::Now() - start);
    return Answer(404, "unknown", "no CI of this name is configured");
  }
  HttpResponse response = request.method == "POST"
                              ? Take(ci, request, outcome)
                              : Answer(405, "refused", "deliveries come by POST");
  if (response.status == 405) {
    outcome = "malformed";
    response.headers.emplace_back("allow", "POST");
  }
  deps_.metrics->CountDelivery(ci, outcome, absl::Now() - start);
  if (response.status >= 400) {
    LogInfo("a delivery was refused",
            {{"ci", ci}, {"outcome", std::string(outcome)}, {"from", request.remote_address}});
  }
  return response;
}

HttpResponse Intake::Take(const std::string& ci, HttpRequest& request,
                          std::string_view& outcome) const {
  const CiSource& source = *deps_.adapters->ci.find(ci)->second;
  outcome = "unauthenticated";
  if (const Status authentic = source.Authenticate(request.headers, request.body);
      !authentic.ok()) {
    return Answer(401, "refused", Message(authentic));
  }
  outcome = "malformed";
  auto delivery = source.Describe(request.headers, std::move(request.body));
  if (!delivery.ok()) return Answer(400, "refused", Message(delivery.status()));
  const auto event = source.Decode(*delivery);
  if (!event.ok()) return Answer(400, "refused", Message(event.status()));
  delivery->ci = ci;
  delivery->received_at = deps_.clock->Now();
  NewDelivery taken = Sort(*std::move(delivery), *event);
  const bool pending = taken.pending;
  const std::string decision = taken.decision;

  const auto accepted = deps_.commits->Accept(std::move(taken));
  if (!accepted.ok()) {
    outcome = "unavailable";
    LogError("a delivery could not be stored", {{"ci", ci}, {"why", Message(accepted.status())}});
    HttpResponse response =
        Answer(503, "unavailable", "nothing was taken: the store cannot be written; send it again");
    response.headers.emplace_back("retry-after", Cat(kRetryAfterSeconds));
    return response;
  }
  CrashPoint("accept.committed");
  if (*accepted == AcceptOutcome::kDuplicate) {
    outcome = "duplicate";
    return Answer(200, "duplicate", "seen before");
  }
  outcome = pending ? "accepted" : "ignored";
  if (!pending) return Answer(202, "ignored", decision);
  if (deps_.on_work) deps_.on_work();
  return Answer(202, "accepted", "it will be worked on");
}

}  // namespace regreen
