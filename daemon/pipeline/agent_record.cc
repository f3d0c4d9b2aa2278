#include "daemon/pipeline/agent_record.h"

#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/rungs.h"

namespace regreen {

AgentRecord::AgentRecord(RepairLog& log, std::string label, int round)
    : log_(log),
      text_name_(StepLogName(label, round)),
      events_name_(AgentEventsName(label, round)),
      prompt_name_(PromptName(label, round)) {}

Status AgentRecord::Begin(const Brief& brief) {
  RETURN_IF_ERROR(log_.Keep(prompt_name_, BriefText(brief)));
  RETURN_IF_ERROR(log_.Keep(text_name_, ""));
  RETURN_IF_ERROR(log_.Keep(events_name_, ""));
  writer_ = std::jthread([this](const std::stop_token& stop) { WriteOn(stop); });
  return OkStatus();
}

void AgentRecord::Take(const AgentEvent& event) {
  JsonWriter json;
  WriteJson(event, json);
  {
    const std::lock_guard lock(mutex_);
    events_.Add(Cat(json.Take(), "\n"));
    text_.Add(EventText(event));
  }
  changed_.notify_one();
}

void AgentRecord::WriteOn(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (status_.ok() && changed_.wait(lock, stop, [this] { return events_.has_new(); })) {
    const std::string text = text_.TakeNew(), events = events_.TakeNew();
    lock.unlock();
    status_ = Write(text, events);
    lock.lock();
    // Nothing wakes it but the end, which comes at once.
    changed_.wait_for(lock, stop, absl::ToChronoMilliseconds(kSoon), [] { return false; });
  }
}

Status AgentRecord::End() {
  writer_.request_stop();
  if (writer_.joinable()) writer_.join();
  RETURN_IF_ERROR(status_);
  return Write(text_.TakeEnd(), events_.TakeEnd());
}

Status AgentRecord::Write(std::string_view text, std::string_view events) {
  if (!text.empty()) RETURN_IF_ERROR(log_.Extend(text_name_, text));
  return events.empty() ? OkStatus() : log_.Extend(events_name_, events);
}

std::string AgentEventsName(const std::string& label, int round) {
  return Cat("agent-", label, "-", round, ".jsonl");
}

std::string PromptName(const std::string& label, int round) {
  return Cat("prompt-", label, "-", round, ".md");
}

}  // namespace regreen
