// The steps of a job as its log shows them, and which of them the CI called failed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/triage/clean.h"

namespace regreen {

struct LogStep {
  std::string name;
  std::string command;      // what it ran, as far as the CI printed it
  std::uint32_t first = 0;  // line indices; `last` is the last of its lines
  std::uint32_t last = 0;
  std::optional<int> exit_code;
  bool failed = false;
};

struct Outline {
  std::vector<LogStep> steps;  // in order, not nested; lines before the first marker are in none
  std::optional<std::size_t> failed;  // the first that failed

  // The step that holds the line, nullptr when none does.
  const LogStep* StepOf(std::uint32_t line) const;
};

Outline ReadOutline(const CleanLog& log);

}  // namespace regreen
