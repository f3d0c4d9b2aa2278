#include "daemon/pipeline/agent_record.h"

#include "absl/time/clock.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/rungs.h"

namespace regreen {
namespace {

constexpr absl::Duration kKeptEvery = absl::Seconds(3);

std::string SoFar(CappedText text) {
  bool cut = false;
  return text.Take(&cut);
}

}  // namespace

AgentRecord::AgentRecord(RepairLog& log, std::string label, int round)
    : log_(log), label_(std::move(label)), round_(round), kept_(absl::Now()) {}

Status AgentRecord::KeepPrompt(const Brief& brief) {
  return log_.Keep(PromptName(label_, round_), BriefText(brief));
}

void AgentRecord::Take(const AgentEvent& event) {
  JsonWriter json;
  WriteJson(event, json);
  events_.Add(Cat(json.Take(), "\n"));
  text_.Add(EventText(event));
  const absl::Time now = absl::Now();
  if (now - kept_ < kKeptEvery) return;
  kept_ = now;
  if (status_.ok()) status_ = Keep();
}

Status AgentRecord::Keep() {
  RETURN_IF_ERROR(status_);
  RETURN_IF_ERROR(log_.Keep(StepLogName(label_, round_), SoFar(text_)));
  return log_.Keep(AgentEventsName(label_, round_), SoFar(events_));
}

std::string AgentEventsName(const std::string& label, int round) {
  return Cat("agent-", label, "-", round, ".jsonl");
}

std::string PromptName(const std::string& label, int round) {
  return Cat("prompt-", label, "-", round, ".md");
}

}  // namespace regreen
