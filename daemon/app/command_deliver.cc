#include "adapters/ci/standard_webhooks.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/http.h"
#include "daemon/base/secret.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxPayload =
    64 << 20;  // beyond the daemon's own cap, so that its 413 can be seen

// As GitLab sends it: signed, where the secret is a signing token.
Status SignAsGitlab(const Secret& secret, const DeliverArguments& arguments, HttpCall& call) {
  const std::string id = arguments.id.empty() ? RandomHex(16) : arguments.id;
  call.headers.emplace_back("x-gitlab-event",
                            arguments.event.empty() ? "Pipeline Hook" : arguments.event);
  call.headers.emplace_back("webhook-id", id);
  if (!IsSigningSecret(secret)) {
    call.headers.emplace_back("x-gitlab-token", secret.Reveal());
    return OkStatus();
  }
  ASSIGN_OR_RETURN(const Secret key, SigningKey(secret));
  const std::string timestamp = Cat(absl::ToUnixSeconds(absl::Now()));
  call.headers.emplace_back("webhook-timestamp", timestamp);
  call.headers.emplace_back("webhook-signature", StandardSignature(key, id, timestamp, call.body));
  return OkStatus();
}

void SignAsBuildkite(const Secret& secret, const CiConfig& ci, const DeliverArguments& arguments,
                     HttpCall& call) {
  call.headers.emplace_back("x-buildkite-event",
                            arguments.event.empty() ? "build.finished" : arguments.event);
  if (!ci.token_header.empty()) {
    call.headers.emplace_back(Lower(ci.token_header), secret.Reveal());
    return;
  }
  const std::string timestamp = Cat(absl::ToUnixSeconds(absl::Now()));
  call.headers.emplace_back(
      "x-buildkite-signature",
      Cat("timestamp=", timestamp,
          ",signature=", HexEncode(HmacSha256(secret.Reveal(), Cat(timestamp, ".", call.body)))));
}

StatusOr<HttpCall> Sign(const CiConfig& ci, const DeliverArguments& arguments, std::string body) {
  ASSIGN_OR_RETURN(const Secret secret, ResolveSecret(ci.secret));
  HttpCall call;
  call.method = "POST";
  call.headers.emplace_back("content-type", "application/json");
  call.body = std::move(body);
  if (ci.kind == "gitlab") {
    RETURN_IF_ERROR(SignAsGitlab(secret, arguments, call));
    return call;
  }
  const std::string signature = Cat("sha256=", HexEncode(HmacSha256(secret.Reveal(), call.body)));
  if (ci.kind == "github") {
    call.headers.emplace_back("x-github-event",
                              arguments.event.empty() ? "workflow_run" : arguments.event);
    call.headers.emplace_back("x-github-delivery",
                              arguments.id.empty() ? RandomHex(16) : arguments.id);
    call.headers.emplace_back("x-hub-signature-256", signature);
  } else if (ci.kind == "gitea") {
    call.headers.emplace_back("x-gitea-event",
                              arguments.event.empty() ? "workflow_run" : arguments.event);
    call.headers.emplace_back("x-gitea-signature", signature.substr(7));
  } else if (ci.kind == "circleci") {
    call.headers.emplace_back("circleci-signature", Cat("v1=", signature.substr(7)));
  } else if (ci.kind == "buildkite") {
    SignAsBuildkite(secret, ci, arguments, call);
  } else if (!ci.signature_header.empty()) {
    call.headers.emplace_back(Lower(ci.signature_header), signature);
  } else if (!ci.token_header.empty()) {
    call.headers.emplace_back(Lower(ci.token_header), secret.Reveal());
  } else {
    call.headers.emplace_back("authorization", Cat("Bearer ", secret.Reveal()));
  }
  return call;
}

}  // namespace

int Deliver(const DeliverArguments& arguments) {
  LogWarningsOnly();
  const auto config = LoadConfigOrExplain(arguments.config);
  if (!config.ok()) return Complain(config.status());
  const auto ci = config->ci.find(arguments.ci);
  if (ci == config->ci.end()) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : config->ci) names.push_back(name);
    return Complain(
        Cat("no CI named \"", arguments.ci, "\" is configured", DidYouMean(arguments.ci, names)));
  }
  auto body =
      arguments.file == "-" ? ReadAll(0, kMaxPayload) : ReadFile(arguments.file, kMaxPayload);
  if (!body.ok()) return Complain(body.status());
  auto call = Sign(ci->second, arguments, *std::move(body));
  if (!call.ok()) return Complain(call.status());
  call->url = Cat(arguments.url.empty() ? Cat("http://", config->server.listen) : arguments.url,
                  "/hooks/", arguments.ci);
  const auto answer = NewHttpClient(config->http.ca_file)->Call(*call);
  if (!answer.ok()) {
    return Complain(
        Cat("the daemon did not answer at ", call->url, ": ", Message(answer.status())));
  }
  PrintOut(Cat(answer->status, " ", EscapeControl(answer->body), "\n"));
  return answer->status < 300 ? kDone : kBad;
}

}  // namespace regreen
