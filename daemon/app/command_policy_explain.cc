// policy explain: which template matches a failure, why each other does not, and what is filled in.
#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/compress.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/explain.h"
#include "daemon/pipeline/failure_case.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLogBytes = 256 << 20;
constexpr std::size_t kMaxEventBytes = 1 << 20;

StatusOr<std::string> ReadInput(const std::string& name, std::size_t most) {
  ASSIGN_OR_RETURN(std::string bytes, name == "-" ? ReadAll(0, most) : ReadFile(name, most));
  if (!LooksLikeGzip(bytes)) return bytes;
  return GzipDecompress(bytes, most);
}

void Print(const std::vector<Explanation>& explanations, bool json) {
  if (!json) {
    for (const Explanation& explanation : explanations) PrintOut(RenderExplanation(explanation));
    return;
  }
  JsonWriter out;
  out.BeginObject().Key("explanations").BeginArray();
  for (const Explanation& explanation : explanations) WriteJson(explanation, out);
  out.EndArray().EndObject();
  PrintOut(Cat(out.Take(), "\n"));
}

Status ExplainLog(const Policies& policies, const PolicyArguments& arguments) {
  FailureCase failure;
  if (!arguments.event.empty()) {
    ASSIGN_OR_RETURN(const std::string text, ReadInput(arguments.event, kMaxEventBytes));
    Problems problems;
    failure = ParseFailureCase(text, arguments.event, problems);
    RETURN_IF_ERROR(problems.ToStatus());
  }
  if (!arguments.command.empty()) failure.command = arguments.command;
  ASSIGN_OR_RETURN(const std::string log, ReadInput(arguments.log, kMaxLogBytes));
  Print({Explain(IncidentOf(failure, log, Triage(policies.rules)), policies)},
        arguments.json);
  return OkStatus();
}

}  // namespace

Status ExplainDelivery(PolicyRecords& records, const Policies& policies,
                       const PolicyArguments& arguments, const SelectOptions& options) {
  ASSIGN_OR_RETURN(const auto observations, records.FindObservations(arguments.delivery));
  std::vector<Explanation> explanations;
  for (const Observation& seen : observations) {
    Incident incident = seen.incident;
    if (!arguments.command.empty()) incident.evidence.command = arguments.command;
    explanations.push_back(Explain(std::move(incident), policies, options));
  }
  Print(explanations, arguments.json);
  return OkStatus();
}

int PolicyExplain(const PolicyArguments& arguments) {
  LogWarningsOnly();
  const bool delivery = !arguments.delivery.empty();
  if (delivery == !arguments.log.empty() || (delivery && !arguments.event.empty())) {
    return Complain(
        "policy explain needs either --delivery KEY, or --log FILE with or without "
        "--event FILE",
        kUsage);
  }
  if (delivery) {
    return WithStore(arguments.config, [&](Store& store, const Config& config) -> Status {
      ASSIGN_OR_RETURN(const Policies policies,
                       LoadPoliciesOrExplain(FolderInForce(arguments, config)));
      SelectOptions options;
      options.offers = OffersOf(config);
      return ExplainDelivery(store, policies, arguments, options);
    });
  }
  const auto policies = LoadPoliciesOrExplain(ChosenFolder(arguments.policies));
  if (!policies.ok()) return Complain(policies.status());
  const Status done = ExplainLog(*policies, arguments);
  return done.ok() ? kDone : Complain(done);
}

}  // namespace regreen
