#include "adapters/forge/client/client.h"

#include <algorithm>
#include <utility>

#include "adapters/forge/client/endpoint.h"
#include "daemon/base/hash.h"
#include "daemon/base/log.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr absl::Duration kUnknownWait = absl::Seconds(60);  // where a refusal names none
constexpr absl::Duration kLongestWait = absl::Hours(2);

std::string_view OutcomeOf(const HttpAnswer& answer, bool limited) {
  const int status = answer.status;
  if (limited) return "limited";
  if (status >= 200 && status < 300) return "ok";
  if (status >= 300 && status < 400) return "redirect";
  if (status == 401) return "unauthorized";
  if (status == 403) return "forbidden";
  if (status == 404 || status == 410) return "not_found";
  if (status == 408 || status == 409) return "conflict";
  return status >= 500 ? "server_error" : "refused";
}

std::string_view OutcomeOf(const Status& status) {
  switch (status.code()) {
    case StatusCode::kDeadlineExceeded:
      return "timeout";
    case StatusCode::kResourceExhausted:
      return "too_long";
    case StatusCode::kCancelled:
      return "stopped";
    default:
      return "no_answer";
  }
}

Pace PaceOf(const ForgeClientOptions& options) {
  Pace pace = options.manners->pace;
  if (options.writes_apart) pace.between_writes = *options.writes_apart;
  return pace;
}

}  // namespace

// What is told of one request.
struct ForgeClient::Noted {
  absl::Time begun;
  std::string_view outcome;  // "": by the answer
  std::size_t bytes = 0;
  int status = 0;
  std::optional<std::int64_t> remaining;
};

ForgeClient::ForgeClient(ForgeClientOptions options)
    : options_(std::move(options)),
      own_gates_(options_.gates == nullptr ? std::make_unique<Gates>() : nullptr),
      etags_(std::make_unique<Etags>()) {}

std::shared_ptr<Gate> ForgeClient::GateOf(std::string_view key, const std::string& label) const {
  Gates& gates = own_gates_ ? *own_gates_ : *options_.gates;
  return gates.Of(Cat(options_.api, "\n", Sha256Hex(key)), *options_.clock, PaceOf(options_),
                  label);
}

bool ForgeClient::IsApi(std::string_view url) const {
  const auto below = [&](const std::string& base) {
    return !base.empty() && url.starts_with(base) &&
           (url.size() == base.size() || url[base.size()] == '/' || url[base.size()] == '?');
  };
  return below(options_.api) || below(options_.graphql);
}

StatusOr<HttpAnswer> ForgeClient::Call(Gate& gate, HttpCall call, std::stop_token stop) const {
  Noted noted;
  auto answer = Exchange(gate, call, std::move(stop), noted);
  Note(call, answer, noted);
  return answer;
}

StatusOr<ForgeClient::JsonAnswer> ForgeClient::CallJson(Gate& gate, HttpCall call,
                                                        std::stop_token stop) const {
  Noted noted;
  auto answer = Exchange(gate, call, std::move(stop), noted);
  StatusOr<Json> json = Json();
  if (answer.ok() && answer->status >= 200 && answer->status < 300 && !answer->body.empty()) {
    json = Json::Parse(answer->body);
    if (!json.ok()) noted.outcome = "malformed";
  }
  Note(call, answer, noted);
  if (!answer.ok()) return answer.status();
  if (!json.ok()) return Unavailable(Cat(options_.manners->platform, "'s answer is no JSON"));
  return JsonAnswer{*std::move(answer), *std::move(json)};
}

StatusOr<HttpAnswer> ForgeClient::Exchange(Gate& gate, HttpCall& call, std::stop_token stop,
                                           Noted& noted) const {
  call.stop = stop;
  noted.begun = options_.clock->Now();
  if (!IsApi(call.url)) {
    if (stop.stop_requested()) return Cancelled("the daemon is stopping");
    auto answer = options_.http->Call(call);
    if (!answer.ok()) return answer;
    noted.status = answer->status;
    noted.bytes = answer->body.size();
    return answer;
  }
  // A token that is asked for makes nothing that anybody would see.
  const bool write = call.method != "GET" && call.method != "HEAD" &&
                     !std::string_view(call.url).ends_with("/access_tokens");
  const bool graphql = call.url == options_.graphql && !options_.graphql.empty();
  auto pass = gate.Enter({write, graphql ? "graphql" : "core"}, std::move(stop));
  if (!pass.ok()) {
    const bool stopped = pass.status().code() == StatusCode::kCancelled;
    noted.outcome = stopped ? "stopped" : "held_back";
    return pass.status();
  }
  noted.begun = pass->begun();
  auto answer = Send(gate, *pass, call, noted);
  if (!answer.ok()) return answer;
  const LimitNews news = ReadLimits(*options_.manners, *answer, options_.clock->Now());
  gate.Learn(*pass, news);
  noted.remaining = news.remaining;
  if (options_.traffic != nullptr) {
    const Gate::Standing standing = gate.Look(pass->ask().resource);
    options_.traffic->ShowForgeLimit({options_.forge, gate.label(), pass->ask().resource,
                                      standing.remaining, standing.closed_until});
  }
  return answer;
}

// Only what is read whole is asked for by ETag: logs are read once.
StatusOr<HttpAnswer> ForgeClient::Send(const Gate& gate, const Gate::Pass& pass, HttpCall& call,
                                       Noted& noted) const {
  const bool polled = !pass.ask().write && !call.keep_ends && !call.on_bytes;
  const std::string key = Etags::Key(gate.label(), call.url);
  std::optional<HttpAnswer> known;
  if (polled) known = etags_->Find(key);
  if (known)
    call.headers.emplace_back("if-none-match", std::string(HeaderValue(known->headers, "etag")));
  auto answer = options_.http->Call(call);
  if (!answer.ok()) return answer;
  noted.status = answer->status;
  noted.bytes = answer->body.size();
  if (known && answer->status == 304) {
    noted.outcome = "not_modified";
    // What is told of limits is told now.
    std::erase_if(known->headers, [&](const auto& header) {
      return !HeaderValue(answer->headers, header.first).empty();
    });
    for (auto& header : answer->headers) known->headers.push_back(std::move(header));
    return *std::move(known);
  }
  if (polled) etags_->Keep(key, *answer);
  return answer;
}

bool ForgeClient::IsLimited(const HttpAnswer& answer) const {
  return ReadLimits(*options_.manners, answer, options_.clock->Now()).limited;
}

Status ForgeClient::Limited(const Gate& gate, const HttpAnswer& answer, std::string_view what,
                            const std::string& resource) const {
  absl::Duration wait = gate.ClosedFor(resource);
  // What stores logs has limits of its own, beside the gate.
  if (wait == absl::ZeroDuration()) {
    const LimitNews news = ReadLimits(*options_.manners, answer, options_.clock->Now());
    wait = std::clamp(news.retry_after.value_or(kUnknownWait), absl::Seconds(1), kLongestWait);
  }
  return ResourceExhausted(
      Cat(what, ": ", options_.manners->platform,
          "'s rate limit is used up; nothing is asked of it for ",
          absl::ToInt64Seconds(absl::Ceil(wait, absl::Seconds(1))), " seconds"),
      wait);
}

void ForgeClient::Note(const HttpCall& call, const StatusOr<HttpAnswer>& answer,
                       const Noted& noted) const {
  std::string endpoint = "outside";
  if (!options_.graphql.empty() && call.url == options_.graphql) {
    endpoint = "/graphql";
  } else if (IsApi(call.url)) {
    endpoint = EndpointOf(std::string_view(call.url).substr(options_.api.size()));
  }
  std::string_view outcome = noted.outcome;
  if (outcome.empty())
    outcome = answer.ok() ? OutcomeOf(*answer, IsLimited(*answer)) : OutcomeOf(answer.status());
  const absl::Duration took = options_.clock->Now() - noted.begun;
  LogDebug("forge request", {{"forge", options_.forge},
                             {"method", call.method},
                             {"endpoint", endpoint},
                             {"outcome", std::string(outcome)},
                             {"status", Cat(noted.status)},
                             {"bytes", Cat(noted.bytes)},
                             {"ms", Cat(absl::ToInt64Milliseconds(took))},
                             {"remaining", noted.remaining ? Cat(*noted.remaining) : ""}});
  if (options_.traffic != nullptr)
    options_.traffic->CountForgeRequest({options_.forge, endpoint, outcome, took});
}

bool MayHaveHappened(const Status& status) {
  return status.code() == StatusCode::kUnavailable ||
         status.code() == StatusCode::kDeadlineExceeded;
}

}  // namespace regreen
