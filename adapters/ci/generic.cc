#include "adapters/ci/generic.h"

#include <algorithm>
#include <utility>

#include "adapters/ci/fields.h"
#include "adapters/ci/log_url.h"
#include "adapters/ci/mapping.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxCommand = 4096;
constexpr std::string_view kEvent = "run";

struct Settings {
  std::string name, forge;
  Secret secret;
  std::string signature_header, token_header;  // lower case; one of them is empty
  Mapping mapping;
  std::vector<std::string> failed_when, passed_when, log_url_prefixes;
};

class GenericCi final : public CiSource {
 public:
  explicit GenericCi(Settings settings) : s_(std::move(settings)) {}

  Status Authenticate(const Headers& headers, std::string_view raw_body) const override {
    if (!s_.signature_header.empty()) {
      std::string_view signature = HeaderValue(headers, s_.signature_header);
      if (signature.empty())
        return Unauthenticated(Cat("The header ", s_.signature_header, " is missing."));
      if (signature.starts_with("sha256=")) signature.remove_prefix(7);
      return CheckHmac(s_.secret.Reveal(), signature, raw_body);
    }
    return CheckToken(s_.secret, headers, s_.token_header);
  }

  StatusOr<Delivery> Describe(const Headers&, std::string raw_body) const override {
    Delivery delivery;
    delivery.ci = s_.name;
    delivery.event = std::string(kEvent);
    // A body that cannot be read is kept all the same: Decode says what is wrong with it.
    if (s_.mapping.Has("key")) {
      const auto payload = Json::Parse(raw_body);
      const auto key = payload.ok() ? s_.mapping.Text(*payload, "key") : payload.status();
      if (key.ok()) delivery.key = KeyText(*key);
    }
    if (delivery.key.empty()) delivery.key = Sha256Hex(raw_body);
    delivery.body = std::move(raw_body);
    return delivery;
  }

  StatusOr<Event> Decode(const Delivery& delivery) const override {
    ASSIGN_OR_RETURN(const Json payload, Json::Parse(delivery.body));
    if (!payload.IsObject() && !payload.IsArray())
      return InvalidArgument("the payload is no JSON object");
    RunEvent event;
    RunHint& hint = event.run;
    hint.ci = s_.name;
    hint.key.forge = s_.forge;
    hint.foreign = true;
    ASSIGN_OR_RETURN(event.conclusion, Name(payload, "conclusion"));
    event.failed = !s_.mapping.Has("conclusion") || IsOneOf(s_.failed_when, event.conclusion);
    event.passed = !event.failed && IsOneOf(s_.passed_when, event.conclusion);
    RETURN_IF_ERROR(ReadKey(payload, hint));
    ASSIGN_OR_RETURN(hint.workflow, Name(payload, "workflow"));
    ASSIGN_OR_RETURN(hint.event, Name(payload, "event"));
    ASSIGN_OR_RETURN(hint.job, Name(payload, "job"));
    ASSIGN_OR_RETURN(hint.step, Name(payload, "step"));
    ASSIGN_OR_RETURN(const std::string link, s_.mapping.Text(payload, "link"));
    hint.link = LinkText(link);
    if (event.failed) RETURN_IF_ERROR(ReadEvidence(payload, hint));
    return Event(std::move(event));
  }

 private:
  StatusOr<std::string> Name(const Json& payload, std::string_view field) const {
    ASSIGN_OR_RETURN(const std::string text, s_.mapping.Text(payload, field));
    return NameText(text);
  }

  static bool IsOneOf(const std::vector<std::string>& words, std::string_view conclusion) {
    return std::find(words.begin(), words.end(), conclusion) != words.end();
  }

  Status ReadKey(const Json& payload, RunHint& hint) const {
    ASSIGN_OR_RETURN(hint.key.repo, s_.mapping.Text(payload, "repo"));
    RETURN_IF_ERROR(CheckRepo(hint.key.repo, true));
    ASSIGN_OR_RETURN(hint.commit, s_.mapping.Text(payload, "commit"));
    RETURN_IF_ERROR(CheckCommit(hint.commit));
    ASSIGN_OR_RETURN(hint.key.run_id, s_.mapping.Text(payload, "run_id"));
    RETURN_IF_ERROR(CheckRunId(hint.key.run_id));
    ASSIGN_OR_RETURN(const std::string attempt, s_.mapping.Text(payload, "attempt"));
    if (!attempt.empty()) {
      std::int64_t number = 0;
      if (!ParseInt64(attempt, &number))
        return InvalidArgument("the run's attempt is not a number");
      ASSIGN_OR_RETURN(hint.key.attempt, CheckAttempt(number));
    }
    ASSIGN_OR_RETURN(hint.branch, s_.mapping.Text(payload, "branch"));
    constexpr std::string_view kHeads = "refs/heads/";
    if (hint.branch.starts_with(kHeads)) hint.branch.erase(0, kHeads.size());
    return CheckBranch(hint.branch);
  }

  Status ReadEvidence(const Json& payload, RunHint& hint) const {
    ASSIGN_OR_RETURN(hint.command, s_.mapping.Text(payload, "command"));
    if (hint.command.size() > kMaxCommand || hint.command.find('\0') != std::string::npos) {
      return InvalidArgument("the command is longer than 4096 bytes or holds a NUL");
    }
    ASSIGN_OR_RETURN(std::string log, s_.mapping.Text(payload, "log"));
    hint.inline_log = CapLog(std::move(log));
    ASSIGN_OR_RETURN(const std::string log_url, s_.mapping.Text(payload, "log_url"));
    if (log_url.empty() || !hint.inline_log.empty()) return OkStatus();
    ASSIGN_OR_RETURN(hint.log_url, AllowedLogUrl(s_.log_url_prefixes, log_url));
    return OkStatus();
  }

  const Settings s_;
};

}  // namespace

StatusOr<std::unique_ptr<CiSource>> NewGenericCi(const CiOptions& options) {
  std::vector<std::string> problems;
  Settings settings;
  settings.name = options.name;
  settings.forge = options.forge;
  settings.secret = options.secret;
  settings.signature_header = Lower(options.signature_header);
  settings.token_header = Lower(options.token_header);
  if (options.secret.empty())
    problems.push_back("a secret is needed: without one anyone could send failures");
  if (options.signature_header.empty() == options.token_header.empty()) {
    problems.push_back("exactly one of signature_header and token_header is needed");
  }
  settings.mapping = Mapping::Read(options.map, problems);
  settings.failed_when = options.failed_when;
  settings.passed_when = options.passed_when;
  const bool has_conclusion = settings.mapping.Has("conclusion");
  if (has_conclusion && options.failed_when.empty()) {
    problems.push_back(
        "failed_when must name the conclusions that are failures, since map.conclusion is set");
  }
  if (!has_conclusion && !options.failed_when.empty()) {
    problems.push_back("failed_when has no effect without map.conclusion");
  }
  if (!has_conclusion && !options.passed_when.empty()) {
    problems.push_back("passed_when has no effect without map.conclusion");
  }
  settings.log_url_prefixes = ReadLogUrlPrefixes(options.log_url_prefixes, problems);
  if (settings.mapping.Has("log_url") && options.log_url_prefixes.empty()) {
    problems.push_back(
        "log_url_prefixes must name where logs may be fetched from, since map.log_url is set");
  }
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<CiSource>(std::make_unique<GenericCi>(std::move(settings)));
}

}  // namespace regreen
