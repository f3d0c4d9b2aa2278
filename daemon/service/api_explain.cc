#include "daemon/service/api_explain.h"

#include "daemon/base/text.h"
#include "daemon/pipeline/explain.h"
#include "daemon/pipeline/failure_case.h"
#include "daemon/service/api.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/policy_edits.h"

namespace regreen {
namespace {

Status Mistakes(std::string_view of, const Problems& problems) {
  const std::size_t count = problems.all().size();
  return InvalidArgument(
      Cat(of, " has ", count,
          count == 1 ? " mistake: " : " mistakes, the first: ", ToString(problems.all()[0])));
}

// The set in force, or what the given files make of it.
StatusOr<std::shared_ptr<const Policies>> PoliciesFor(const ApiDependencies& deps,
                                                      const Json& body) {
  auto current = deps.policies->Current();
  if (body["files"].IsNull() && body["base"].IsNull()) return current;
  Problems problems;
  ASSIGN_OR_RETURN(Policies read,
                   ReadEditedPolicies(body["files"], body["base"], *current, problems));
  if (problems.has_errors()) return Mistakes("the set with these files", problems);
  return std::make_shared<const Policies>(std::move(read));
}

StatusOr<std::vector<Incident>> IncidentsOfDelivery(const ApiDependencies& deps, const Json& body) {
  if (!body["log"].IsNull() || !body["event"].IsNull())
    return InvalidArgument("\"delivery\" goes without \"log\" and \"event\": they are stored");
  const std::string key = body["delivery"].StringOr("");
  if (key.empty()) return InvalidArgument("\"delivery\" must be the key of a delivery, as text");
  ASSIGN_OR_RETURN(const auto observations, deps.records->FindObservations(key));
  std::vector<Incident> incidents;
  for (const Observation& seen : observations) incidents.push_back(seen.incident);
  return incidents;
}

StatusOr<std::vector<Incident>> IncidentOfLog(const Json& body, const Policies& policies) {
  if (!body["log"].IsString())
    return InvalidArgument("give \"log\", the failed job's log as text, or \"delivery\"");
  const Json event = body["event"];
  if (!event.IsNull() && !event.IsObject())
    return InvalidArgument("\"event\" must be an object: {\"repo\": \"owner/name\", …}");
  FailureCase failure;
  if (event.IsObject()) {
    Problems problems;
    failure = ParseFailureCase(event.Serialize(), "event", problems);
    if (problems.has_errors()) return Mistakes("\"event\"", problems);
  }
  return std::vector<Incident>{
      IncidentOf(failure, body["log"].StringOr(""), Triage(policies.rules))};
}

}  // namespace

HttpResponse ExplainPoliciesAnswer(const ApiDependencies& deps, const ApiCall&, const Json& body) {
  const std::string known[] = {"log", "event", "delivery", "files", "base"};
  if (const Status keys = CheckKeys(body, known); !keys.ok()) return RefusedAnswer(keys);
  const auto policies = PoliciesFor(deps, body);
  if (!policies.ok()) return RefusedAnswer(policies.status());
  const auto incidents =
      body["delivery"].IsNull() ? IncidentOfLog(body, **policies) : IncidentsOfDelivery(deps, body);
  if (!incidents.ok()) return RefusedAnswer(incidents.status());
  JsonWriter out;
  out.BeginObject().Key("explanations").BeginArray();
  for (const Incident& incident : *incidents)
    WriteJson(Explain(incident, **policies), out);
  out.EndArray().EndObject();
  return JsonAnswer(out);
}

}  // namespace regreen
