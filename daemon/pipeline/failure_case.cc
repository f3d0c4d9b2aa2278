#include "daemon/pipeline/failure_case.h"

#include <algorithm>

#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/evidence.h"

namespace regreen {
namespace {

constexpr int kMost = 1'000'000'000;

// A number of a case, with its bounds.
struct Bounded {
  int& value;
  int least;
};

// Every key by name, for whichever reader.
template <class Visitor>
void Fields(FailureCase& c, Visitor&& visit) {
  visit("ci", c.ci);
  visit("repo", c.repo);
  visit("branch", c.branch);
  visit("base_branch", c.base_branch);
  visit("event", c.event);
  visit("workflow", c.workflow);
  visit("job", c.job);
  visit("step", c.step);
  visit("author", c.author);
  visit("command", c.command);
  visit("directory", c.directory);
  visit("commit", c.commit);
  visit("fork", c.fork);
  visit("pull_request", Bounded{c.pull_request, 0});
  visit("labels", c.labels);
  visit("changed_paths", c.changed_paths);
  visit("run_attempt", Bounded{c.run_attempt, 1});
  visit("flaky", c.flaky);
  visit("seen", Bounded{c.seen, 0});
  visit("at", c.at);
}

struct TomlReader {
  TomlTable& table;

  void operator()(const char* key, std::string& out) { Take(table.String(key), out); }
  void operator()(const char* key, bool& out) { Take(table.Bool(key), out); }
  void operator()(const char* key, std::vector<std::string>& out) { Take(table.Strings(key), out); }
  void operator()(const char* key, absl::Time& out) { Take(table.Time(key), out); }
  void operator()(const char* key, Bounded out) {
    const auto value = table.Int(key);
    if (!value) return;
    if (*value < out.least || *value > kMost) {
      table.Error(key, Cat("\"", key, "\" must be ", out.least, " or more"));
    } else {
      out.value = static_cast<int>(*value);
    }
  }
  template <class T>
  static void Take(std::optional<T> value, T& out) {
    if (value) out = *std::move(value);
  }
};

struct JsonReader {
  const Json& object;
  const std::string& file;
  Problems& problems;
  std::vector<std::string> known;

  Json Next(const char* key) {
    known.emplace_back(key);
    return object[key];
  }
  void Wrong(const char* key, std::string_view wanted) {
    problems.Error({file, 0, 0}, Cat("\"", key, "\" must be ", wanted));
  }
  void operator()(const char* key, std::string& out) {
    const Json value = Next(key);
    if (value.IsString())
      out = value.StringOr("");
    else if (!value.IsNull())
      Wrong(key, "a string");
  }
  void operator()(const char* key, bool& out) {
    const Json value = Next(key);
    if (value.IsBool())
      out = value.BoolOr(false);
    else if (!value.IsNull())
      Wrong(key, "true or false");
  }
  void operator()(const char* key, std::vector<std::string>& out) {
    const Json value = Next(key);
    const auto elements = value.Elements();
    const bool strings = value.IsArray() && std::all_of(elements.begin(), elements.end(),
                                                        [](const Json& e) { return e.IsString(); });
    if (strings)
      out = value.Strings();
    else if (!value.IsNull())
      Wrong(key, "a list of strings");
  }
  void operator()(const char* key, absl::Time& out) {
    const Json value = Next(key);
    absl::Time time;
    if (value.IsString() && absl::ParseTime(absl::RFC3339_full, value.StringOr(""), &time, nullptr))
      out = time;
    else if (!value.IsNull())
      Wrong(key, "a time such as \"2026-01-05T10:00:00Z\"");
  }
  void operator()(const char* key, Bounded out) {
    const Json value = Next(key);
    const std::int64_t number = value.IntOr(-1);
    if (value.IsInt() && number >= out.least && number <= kMost)
      out.value = static_cast<int>(number);
    else if (!value.IsNull())
      Wrong(key, Cat("a whole number, ", out.least, " or more"));
  }
};

FailureCase FromJson(std::string_view text, const std::string& file, Problems& problems) {
  FailureCase out;
  const auto json = Json::Parse(text);
  if (!json.ok()) {
    problems.Error({file, 0, 0}, Message(json.status()));
    return out;
  }
  JsonReader reader{*json, file, problems, {}};
  Fields(out, reader);
  for (const auto& [key, value] : json->Members()) {
    if (std::find(reader.known.begin(), reader.known.end(), key) == reader.known.end()) {
      problems.Error({file, 0, 0},
                     Cat("unknown key ", TomlQuote(key), DidYouMean(key, reader.known)));
    }
  }
  return out;
}

}  // namespace

FailureCase ReadFailureCase(TomlTable& table) {
  FailureCase out;
  Fields(out, TomlReader{table});
  return out;
}

FailureCase ParseFailureCase(std::string_view text, const std::string& file, Problems& problems) {
  if (Trim(text).starts_with("{")) return FromJson(text, file, problems);
  TomlTable table = TomlTable::Parse(text, file, problems);
  FailureCase out = ReadFailureCase(table);
  table.Finish();
  return out;
}

Incident IncidentOf(const FailureCase& failure, std::string_view log, const Triage& triage) {
  Incident incident;
  incident.at = failure.at;
  RunFacts& run = incident.run;
  run.key = {failure.ci, failure.repo, "1", failure.run_attempt};
  run.ci = failure.ci;
  run.workflow = failure.workflow;
  run.event = failure.event;
  run.branch = failure.branch;
  run.base_branch = failure.base_branch.empty() ? failure.branch : failure.base_branch;
  run.commit = failure.commit;
  run.pull_request = failure.pull_request;
  run.author = failure.author;
  run.conclusion = "failure";
  run.completed = run.failed = true;
  run.from_fork = failure.fork;
  incident.job = {"1", failure.job, "failure", true, failure.step, 0, ""};
  incident.jobs = {failure.job};
  incident.evidence = ReadEvidence(triage, log, run, incident.job, failure.command);
  if (!failure.command.empty()) incident.evidence.command = failure.command;
  if (!failure.directory.empty()) incident.evidence.directory = failure.directory;
  incident.history.recovered = failure.flaky ? 1 : 0;
  incident.history.seen = std::max(failure.seen, incident.history.recovered);
  const int times = std::min(incident.history.seen, static_cast<int>(History::kMostTimes));
  for (int i = 1; i <= times; ++i)
    incident.history.times.push_back(failure.at - i * absl::Hours(1));
  incident.labels = failure.labels;
  incident.changed_paths = failure.changed_paths;
  return incident;
}

}  // namespace regreen
