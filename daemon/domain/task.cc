#include "daemon/domain/task.h"

#include <utility>

namespace regreen {
namespace {

constexpr std::pair<TaskState, std::string_view> kNames[] = {
    {TaskState::kHeld, "held"},           {TaskState::kQueued, "queued"},
    {TaskState::kRepairing, "repairing"}, {TaskState::kRerunning, "rerunning"},
    {TaskState::kReviewing, "reviewing"}, {TaskState::kPublishing, "publishing"},
    {TaskState::kWatching, "watching"},   {TaskState::kMerged, "merged"},
    {TaskState::kRecovered, "recovered"}, {TaskState::kSuperseded, "superseded"},
    {TaskState::kDeclined, "declined"},   {TaskState::kYielded, "yielded"},
    {TaskState::kShadowed, "shadowed"},   {TaskState::kUnreproducible, "unreproducible"},
    {TaskState::kFailed, "failed"},       {TaskState::kCancelled, "cancelled"},
    {TaskState::kReported, "reported"},
};

}  // namespace

std::string_view ToString(TaskState state) {
  return kNames[static_cast<std::size_t>(state)].second;
}

std::optional<TaskState> ParseTaskState(std::string_view name) {
  for (const auto& [state, text] : kNames) {
    if (text == name) return state;
  }
  return std::nullopt;
}

const std::vector<TaskState>& AllTaskStates() {
  static const std::vector<TaskState> states = [] {
    std::vector<TaskState> all;
    for (const auto& [state, text] : kNames) all.push_back(state);
    return all;
  }();
  return states;
}

bool IsTerminal(TaskState state) {
  return state >= TaskState::kMerged;
}

bool IsAtWork(TaskState state) {
  return state >= TaskState::kRepairing && state <= TaskState::kWatching;
}

}  // namespace regreen
