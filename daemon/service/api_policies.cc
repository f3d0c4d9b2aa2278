#include "daemon/service/api_policies.h"

#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/policy/effective.h"
#include "daemon/service/api.h"
#include "daemon/service/api_answer.h"
#include "daemon/service/policy_edits.h"

namespace regreen {
namespace {

constexpr std::size_t kMostProblems = 1'000;
constexpr std::size_t kLongestName = 100;
constexpr std::size_t kLongestCondition = 300;

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

// Where the folder lies is the machine's business.
std::string_view BelowTheSet(std::string_view file) {
  const std::size_t at = file.rfind("templates/");
  return at == std::string_view::npos ? file : file.substr(at);
}

void WriteHead(const Template& t, JsonWriter& out) {
  out.Field("name", t.name)
      .Field("title", t.title)
      .Field("stage", ToString(t.stage))
      .Field("priority", t.priority)
      .Field("file", BelowTheSet(t.where.file));
  std::vector<std::string> match;
  const auto say = [](const Condition& condition) {
    return Truncate(Cat(condition.key, " = ", condition.predicate->Spec()), kLongestCondition);
  };
  for (const Condition& condition : t.match) match.push_back(say(condition));
  for (const Condition& condition : t.unless) match.push_back(Cat("unless ", say(condition)));
  out.Field("match", match);
}

void WriteRefused(const PolicyStatus& status, JsonWriter& out) {
  out.Key("refused");
  if (status.valid) {
    out.Null();
    return;
  }
  out.BeginObject()
      .Field("origin", status.refused_origin)
      .Field("at", Rfc3339(status.refused_at))
      .Key("problems")
      .BeginArray();
  for (const Problem& problem : status.problems) WriteProblem(problem, out);
  out.EndArray()
      .Field("problems_left_out",
             static_cast<std::int64_t>(status.problems_in_all - status.problems.size()))
      .EndObject();
}

// RFC 9110 section 13.1.2, with the weak comparison that it asks for.
bool NamesTag(std::string_view if_none_match, std::string_view tag) {
  for (std::string_view one : Split(if_none_match, ',')) {
    one = Trim(one);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == tag) return true;
  }
  return false;
}

HttpResponse Tagged(HttpResponse response, const HttpRequest& request) {
  const std::string tag = Cat("\"", Sha256Hex(response.body).substr(0, 32), "\"");
  response.headers.emplace_back("etag", tag);
  if (!NamesTag(HeaderValue(request.headers, "if-none-match"), tag)) return response;
  response.status = 304;
  response.body.clear();
  return response;
}

}  // namespace

HttpResponse ListPoliciesAnswer(const ApiDependencies& deps, const ApiCall& call) {
  const auto [policies, status] = deps.policies->CurrentWithStatus();
  JsonWriter out;
  out.BeginObject()
      .Field("digest", status.digest)
      .Field("origin", status.origin)
      .Field("loaded_at", Rfc3339(status.loaded_at))
      .Field("valid", status.valid);
  WriteRefused(status, out);
  out.Key("unread");
  status.unread_why.empty() ? out.Null() : out.String(status.unread_why);
  out.Key("templates").BeginArray();
  for (const Template& t : policies->templates->templates()) {
    out.BeginObject();
    WriteHead(t, out);
    out.EndObject();
  }
  out.EndArray().EndObject();
  return Tagged(JsonAnswer(out), call.request);
}

HttpResponse ShowPolicyAnswer(const ApiDependencies& deps, const ApiCall& call) {
  const std::string& name = call.part(0);
  const auto policies = deps.policies->Current();
  if (const Template* found = policies->templates->Find(name)) {
    JsonWriter out;
    out.BeginObject();
    WriteHead(*found, out);
    out.Field("effective", RenderEffective(*found)).EndObject();
    return Tagged(JsonAnswer(out), call.request);
  }
  std::vector<std::string> names;
  for (const Template& t : policies->templates->templates()) names.push_back(t.name);
  return ProblemAnswer(
      404, Cat("no template is named \"", EscapeControl(Truncate(name, kLongestName)), "\"",
               DidYouMean(Truncate(name, kLongestName), names)));
}

HttpResponse CheckPoliciesAnswer(const ApiDependencies& deps, const ApiCall&, const Json& body) {
  const std::string known[] = {"files", "base"};
  if (const Status keys = CheckKeys(body, known); !keys.ok())
    return ProblemAnswer(422, Message(keys));
  Problems problems;
  const auto read =
      ReadEditedPolicies(body["files"], body["base"], *deps.policies->Current(), problems);
  if (!read.ok()) return ProblemAnswer(422, Message(read.status()));
  JsonWriter out;
  out.BeginObject()
      .Field("ok", !problems.has_errors())
      .Field("digest", read->digest)
      .Key("problems")
      .BeginArray();
  const std::size_t shown = std::min(problems.all().size(), kMostProblems);
  for (std::size_t i = 0; i < shown; ++i) WriteProblem(problems.all()[i], out);
  out.EndArray()
      .Field("problems_left_out", static_cast<std::int64_t>(problems.all().size() - shown))
      .EndObject();
  return JsonAnswer(out);
}

}  // namespace regreen
