// Routes that use up the machine, each with limits that are far below what it asks for. What it
// asks for would hurt nobody, and where nothing holds it, it gets it.
#include <gmock/gmock.h>

#include "daemon/base/text.h"
#include "tests/canary/suite/canary.h"
#include "tests/canary/suite/plain.h"

namespace regreen::canary {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

struct Use {
  const char* name;
  const char* tries;
  const char* wall;
  const char* command;
  WorkspaceLimits limits;
  const char* stopped;  // a part of why the command was ended, or of what it says itself
  absl::Duration timeout = absl::Seconds(30);
};

void PrintTo(const Use& use, std::ostream* out) {
  *out << use.tries;
}

constexpr WorkspaceLimits With(std::int64_t WorkspaceLimits::*which, std::int64_t value) {
  WorkspaceLimits limits = kAsConfigured;
  limits.*which = value;
  return limits;
}

constexpr Use kUses[] = {
    {"memory", "256 MiB of memory, where it may use 96", "the limit of memory",
     "./fixer memory 256 map $CANARY_MARK", With(&WorkspaceLimits::memory_bytes, 96 << 20),
     "of memory that it may"},
    {"memory_that_is_no_processs", "the same in a file of memory", "the limit of memory",
     "./fixer memory 256 file $CANARY_MARK", With(&WorkspaceLimits::memory_bytes, 96 << 20),
     "of memory that it may"},
    {"temporary_folder", "the same in /tmp", "/tmp holds half of the memory",
     "mkdir /tmp/canary-$$ && ./fixer disk /tmp/canary-$$ 100 $CANARY_MARK; rm -r /tmp/canary-$$",
     With(&WorkspaceLimits::memory_bytes, 96 << 20), "No space left"},
    {"processes", "200 processes, where it may have 50", "the limit of processes",
     "./fixer processes 200 $CANARY_MARK", With(&WorkspaceLimits::processes, 50),
     "processes and threads|temporarily unavailable"},
    {"disk", "64 MiB of disk, where it may write 16", "the limit of disk",
     "./fixer disk . 64 $CANARY_MARK; sleep 20", With(&WorkspaceLimits::disk_bytes, 16 << 20),
     "to the disk"},
    {"inodes", "3000 files, where it may make 500", "the limit of files",
     "mkdir many; ./fixer inodes many 3000 $CANARY_MARK; sleep 20",
     With(&WorkspaceLimits::files, 500), "files that it may"},
    {"file_of_any_size", "a file of 2 GiB that is a hole", "the limit of a file",
     "./fixer sparse giant 2 $CANARY_MARK", With(&WorkspaceLimits::file_bytes, 1 << 30),
     "File too large"},
    {"time", "to spin for three seconds, where it has one", "the timeout",
     "./fixer spin 3 $CANARY_MARK", kAsConfigured, "", absl::Seconds(1)},
};

class UseTest : public CanaryTest, public testing::WithParamInterface<Use> {};

TEST_P(UseTest, IsBounded) {
  const Use& use = GetParam();
  outside().Begin({});
  // What goes on and on is left after it has said that it has it all.
  const std::string open = RunPlain(
      Cat("set -m; { ", use.command, "; } > said 2>&1 & ",
          "for i in $(seq 200); do grep -q GAINED said && break || sleep 0.05; done; cat said; "
          "kill -KILL -- -$! || true"),
      outside().PlainFolder(), outside().Facts(), absl::Seconds(30));
  ASSERT_THAT(open, HasSubstr("GAINED")) << "the attempt itself does not work";
  for (const bool overlay : {true, false}) {
    Hostile::Kind* kind = hostile_->Of(overlay);
    if (kind == nullptr) return;
    WorkspaceSpec spec = hostile_->Spec({}, nullptr);
    spec.limits = use.limits;
    auto workspace = kind->factory->Open(spec, {});
    ASSERT_TRUE(workspace.ok()) << workspace.status();
    ExecSpec command;
    command.command = use.command;
    command.env = outside().Facts();
    command.timeout = use.timeout;
    const ExecResult result = Execute(**workspace, command);
    EXPECT_EQ(result.timed_out, use.stopped[0] == '\0') << result.ended_by << result.output;
    EXPECT_THAT(Cat(result.ended_by, "\n", result.output), ContainsRegex(use.stopped));
    EXPECT_EQ(outside().Look("").alive, "");
  }
  if (!HasFailure()) Tell(use.name, use.tries, use.wall, "works where nothing holds it");
}

INSTANTIATE_TEST_SUITE_P(Exhausting, UseTest, testing::ValuesIn(kUses),
                         [](const auto& use) { return use.param.name; });

}  // namespace
}  // namespace regreen::canary
