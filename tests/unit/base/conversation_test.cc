// Programs that are spoken with, that fall silent, and that are asked to end before they are ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/pipes.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::Not;

ProcessSpec Shell(std::string command) {
  ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c", std::move(command)};
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  return spec;
}

TEST(Conversation, AnswersWhatAProgramSays) {
  ProcessSpec spec = Shell(
      "echo name?; read name; echo \"hello $name\"; echo aside >&2; cat >/dev/null; echo end");
  std::string heard;
  spec.merge_stderr = true;
  spec.converse = [&](std::string_view piece, ByteSink& input) {
    const bool first = heard.empty() && piece.empty();
    heard += piece;
    if (first) return;
    if (heard == "name?\n") input.Write("Ann\n");
    if (heard.ends_with("hello Ann\n")) input.Close();
  };
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(heard, "name?\nhello Ann\nend\n") << "standard error is not part of it";
  EXPECT_THAT(result->out, HasSubstr("aside\n"));
  EXPECT_EQ(result->exit_code, 0);
}

TEST(Conversation, CarriesMoreThanAPipeHolds) {
  ProcessSpec spec = Shell("cat");
  const std::string large(4 << 20, 'x');
  std::size_t heard = 0;
  spec.converse = [&](std::string_view piece, ByteSink& input) {
    if (piece.empty()) {
      input.Write(large);
      input.Close();
      input.Write("after the end");
    }
    heard += piece.size();
  };
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(heard, large.size());
}

TEST(Conversation, SurvivesAProgramThatReadsNothing) {
  ProcessSpec spec = Shell("exec <&-; echo closed; sleep 0.05; echo more; sleep 0.05; echo end");
  spec.converse = [](std::string_view, ByteSink& input) { input.Write("x\n"); };
  const auto closed = RunProcess(spec);
  ASSERT_TRUE(closed.ok()) << closed.status();
  EXPECT_EQ(closed->out, "closed\nmore\nend\n");
  ProcessSpec deaf = Shell("sleep 0.2; cat | wc -c");
  deaf.converse = [](std::string_view piece, ByteSink& input) {
    if (piece.empty()) input.Write(std::string(PipeWriter::kMostUnread + (1 << 20), 'x'));
  };
  const auto result = RunProcess(deaf);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->out, Not(HasSubstr("17825792"))) << "the rest was dropped";
}

TEST(Conversation, EndsAProgramInItsSilence) {
  ProcessSpec spec = Shell("echo one; sleep 0.1; echo two; exec sleep 60");
  spec.silence = absl::Milliseconds(400);
  const auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->silent);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->out, "one\ntwo\n");
  spec = Shell("exec sleep 60");
  spec.timeout = absl::Milliseconds(100);
  spec.silence = absl::Seconds(30);
  const auto late = RunProcess(spec);
  ASSERT_TRUE(late.ok());
  EXPECT_TRUE(late->timed_out);
  EXPECT_FALSE(late->silent);
}

TEST(Ending, InterruptsThenTerminatesThenKills) {
  struct Case {
    const char* name;
    const char* traps;
    const char* says;
    int exit_code;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"obeys the first", "trap 'echo bye; exit 3' INT", "ready\nbye\n", 3},
           {"obeys the second", "trap '' INT; trap 'echo bye; exit 4' TERM", "ready\nbye\n", 4},
           {"obeys none", "trap '' INT TERM", "ready\n", 137}}) {
    SCOPED_TRACE(c.name);
    ProcessSpec spec = Shell(Cat(c.traps, "; echo ready; while :; do sleep 0.02; done"));
    spec.timeout = absl::Milliseconds(200);
    spec.grace = absl::Milliseconds(300);
    const auto result = RunProcess(spec);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->timed_out);
    EXPECT_EQ(result->out, c.says);
    EXPECT_EQ(result->exit_code, c.exit_code);
  }
}

TEST(Ending, LetsAProgramSayGoodbyeWhenItIsStopped) {
  ProcessSpec spec = Shell("trap 'echo bye; exit 0' INT; echo ready; while :; do sleep 0.02; done");
  spec.grace = absl::Seconds(20);
  std::stop_source stop;
  std::string heard;
  spec.on_output = [&](std::string_view piece) {
    heard += piece;
    stop.request_stop();
  };
  EXPECT_EQ(RunProcess(spec, stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(heard, "ready\nbye\n");
}

}  // namespace
}  // namespace regreen
