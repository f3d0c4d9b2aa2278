#include "adapters/ci/dialect.h"

#include <utility>

#include "adapters/ci/fields.h"
#include "adapters/ci/log_url.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

const Clock* TheSystemsClock() {
  static const SystemClock clock;
  return &clock;
}

class DialectCi final : public CiSource {
 public:
  DialectCi(DialectSettings settings, const Dialect& dialect)
      : settings_(std::move(settings)), dialect_(dialect) {}

  Status Authenticate(const Headers& headers, std::string_view raw_body) const override {
    return dialect_.authenticate(settings_, headers, raw_body);
  }

  StatusOr<Delivery> Describe(const Headers& headers, std::string raw_body) const override {
    // A body that cannot be read is kept all the same: Decode says what is wrong with it.
    const auto parsed = Json::Parse(raw_body);
    const Json payload = parsed.ok() ? *parsed : Json();
    Delivery delivery;
    delivery.ci = settings_.name;
    ASSIGN_OR_RETURN(delivery.event, dialect_.event(headers, payload));
    delivery.key = KeyText(dialect_.key(headers, payload));
    if (delivery.key.empty()) delivery.key = Sha256Hex(raw_body);
    delivery.body = std::move(raw_body);
    return delivery;
  }

  StatusOr<Event> Decode(const Delivery& delivery) const override {
    ASSIGN_OR_RETURN(const Json payload, Json::Parse(delivery.body));
    if (!payload.IsObject()) return InvalidArgument("the payload is no JSON object");
    return dialect_.decode(settings_, delivery.event, payload);
  }

 private:
  const DialectSettings settings_;
  const Dialect dialect_;
};

}  // namespace

RunHint ForeignHint(const DialectSettings& settings) {
  RunHint hint;
  hint.ci = settings.name;
  hint.key.forge = settings.forge;
  hint.foreign = true;
  return hint;
}

StatusOr<std::unique_ptr<CiSource>> NewDialectCi(const CiOptions& options, const Dialect& dialect) {
  std::vector<std::string> problems;
  const auto refuse = [&](bool is_set, std::string_view option) {
    if (is_set) problems.push_back(Cat(option, " has no effect for the kind ", options.kind));
  };
  if (options.secret.empty())
    problems.push_back("a secret is needed: without one anyone could send failures");
  refuse(!options.signature_header.empty(), "signature_header");
  refuse(!options.token_header.empty() && !dialect.takes_token, "token_header");
  refuse(!options.map.empty(), "map");
  refuse(!options.failed_when.empty(), "failed_when");
  refuse(!options.passed_when.empty(), "passed_when");
  refuse(!options.log_url_prefixes.empty() && !dialect.takes_log_urls, "log_url_prefixes");
  DialectSettings settings;
  settings.name = options.name;
  settings.forge = options.forge;
  settings.secret = options.secret;
  settings.token_header =
      Lower(options.token_header.empty() ? dialect.token_header : options.token_header);
  settings.log_url_prefixes = ReadLogUrlPrefixes(options.log_url_prefixes, problems);
  settings.clock = options.clock != nullptr ? options.clock : TheSystemsClock();
  if (!problems.empty()) return InvalidArgument(Join(problems, "\n"));
  return std::unique_ptr<CiSource>(std::make_unique<DialectCi>(std::move(settings), dialect));
}

}  // namespace regreen
