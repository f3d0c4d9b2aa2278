#include "adapters/workspace/run_here.h"

#include <utility>

#include "adapters/workspace/kinds.h"

namespace regreen {

void FollowSpec(const ExecSpec& spec, ProcessSpec& process) {
  process.stdin_bytes = spec.input;
  process.timeout = spec.timeout;
  process.silence = spec.silence;
  process.grace = spec.grace;
  process.max_output_bytes = spec.max_output_bytes;
  process.merge_stderr = true;
  process.niceness = kWorkspaceNiceness;
  process.on_output = spec.on_output;
  process.converse = spec.converse;
  process.terminal = spec.terminal;
}

ExecResult ResultOf(ProcessResult result) {
  ExecResult out;
  out.exit_code = result.exit_code;
  out.timed_out = result.timed_out;
  out.silent = result.silent;
  out.output_truncated = result.output_truncated;
  out.output = std::move(result.out);
  out.wall = result.wall;
  return out;
}

}  // namespace regreen
