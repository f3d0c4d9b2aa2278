#include "daemon/base/subprocess.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <string>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

ProcessSpec Shell(std::string command) {
  ProcessSpec spec;
  spec.argv = {"/bin/sh", "-c", std::move(command)};
  spec.env = {{"PATH", "/usr/bin:/bin"}};
  return spec;
}

// Ended, whether or not the machine's init has taken it in yet.
bool Gone(pid_t pid) {
  auto stat = ReadFile(Cat("/proc/", pid, "/stat"), 4096);
  return !stat.ok() || stat->find(") Z ") != std::string::npos ||
         stat->find(") X ") != std::string::npos;
}

TEST(Subprocess, AnswersExitCodesAsShellsSayThem) {
  struct Case {
    const char* name;
    const char* command;
    int want;
  };
  for (const Case& c : std::initializer_list<Case>{{"success", "exit 0", 0},
                                                   {"failure", "exit 7", 7},
                                                   {"a signal", "kill -TERM $$", 143},
                                                   {"kill", "kill -KILL $$", 137}}) {
    SCOPED_TRACE(c.name);
    auto result = RunProcess(Shell(c.command));
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_code, c.want);
    EXPECT_FALSE(result->timed_out);
  }
}

TEST(Subprocess, KeepsStreamsApartOrMergesThemInOrder) {
  ProcessSpec spec = Shell("echo one; echo two >&2; echo three");
  auto apart = RunProcess(spec);
  ASSERT_TRUE(apart.ok());
  EXPECT_EQ(apart->out, "one\nthree\n");
  EXPECT_EQ(apart->err, "two\n");
  spec.merge_stderr = true;
  auto merged = RunProcess(spec);
  ASSERT_TRUE(merged.ok());
  EXPECT_EQ(merged->out, "one\ntwo\nthree\n");
  EXPECT_EQ(merged->err, "");
}

TEST(Subprocess, FeedsLargeInputWithoutDeadlock) {
  ProcessSpec spec = Shell("cat; cat >/dev/null");
  spec.stdin_bytes.assign(8 << 20, 'x');
  spec.max_output_bytes = 16 << 20;
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out.size(), spec.stdin_bytes.size());
}

TEST(Subprocess, SurvivesAChildThatReadsNoInput) {
  ProcessSpec spec = Shell("exec true");
  spec.stdin_bytes.assign(1 << 20, 'x');
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_code, 0);
}

TEST(Subprocess, GivesInputAtTheDescriptorsAskedFor) {
  ProcessSpec spec = Shell("cat <&5; cat <&3");
  spec.input_fds = {{3, "three"}, {5, "five "}};
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "five three");
}

TEST(Subprocess, SharesADescriptorAtTheNumberAskedFor) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  UniqueFd in(ends[0]), out(ends[1]);
  ProcessSpec spec = Shell("echo shared >&7");
  spec.shared_fds = {{7, out.get()}};
  ASSERT_TRUE(RunProcess(spec).ok());
  out.Reset();
  EXPECT_EQ(*ReadAll(in.get(), 100), "shared\n");
  spec.shared_fds = {{1, in.get()}};
  EXPECT_EQ(RunProcess(spec).status().code(), StatusCode::kInternal);
}

TEST(Subprocess, HandsOverNoOtherDescriptorAndNoOtherVariable) {
  ASSERT_EQ(setenv("REGREEN_TEST_PARENT_ONLY", "leaked", 1), 0);
  const int open_here = open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  ProcessSpec spec = Shell("ls /proc/self/fd; env");
  auto result = RunProcess(spec);
  close(open_here);
  unsetenv("REGREEN_TEST_PARENT_ONLY");
  ASSERT_TRUE(result.ok());
  EXPECT_THAT(result->out, StartsWith("0\n1\n2\n3\n"));  // 3 is the folder that ls itself reads
  EXPECT_EQ(result->out.find("\n4\n"), std::string::npos);
  EXPECT_EQ(result->out.find("REGREEN_TEST_PARENT_ONLY"), std::string::npos);
}

TEST(Subprocess, StartsWithDefaultSignalsAndAGroupOfItsOwn) {
  signal(SIGPIPE, SIG_IGN);
  auto result = RunProcess(Shell("grep -E '^Sig(Ign|Blk)' /proc/self/status"));
  signal(SIGPIPE, SIG_DFL);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Subprocess, CutsTheMiddleOfLongOutputAndMarksIt) {
  ProcessSpec spec = Shell("echo first; head -c 200000 /dev/zero | tr '\\0' x; echo last");
  spec.merge_stderr = true;
  spec.max_output_bytes = 1000;
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->output_truncated);
  EXPECT_THAT(result->out, StartsWith("first\n"));
  EXPECT_THAT(result->out, HasSubstr("bytes left out"));
  EXPECT_TRUE(result->out.ends_with("last\n"));
  EXPECT_LT(result->out.size(), 1100u);
}

TEST(Subprocess, KeepsOutputOfExactlyTheCapWhole) {
  ProcessSpec spec = Shell("printf 0123456789");
  spec.merge_stderr = true;
  spec.max_output_bytes = 10;
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->output_truncated);
  EXPECT_EQ(result->out, "0123456789");
}

TEST(Subprocess, TimeOutKillsTheWholeGroup) {
  ProcessSpec spec = Shell("sleep 1000 & echo $!; wait");
  spec.timeout = absl::Milliseconds(200);
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->exit_code, 137);
  EXPECT_LT(result->wall, absl::Seconds(30));
  EXPECT_TRUE(Gone(std::stoi(result->out)));
}

TEST(Subprocess, KillsWhatANormalExitLeavesInTheGroup) {
  auto result = RunProcess(Shell("sleep 1000 & echo $!; exit 3"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_TRUE(Gone(std::stoi(result->out)));
}

TEST(Subprocess, StopsWhenAskedTo) {
  std::stop_source stop;
  std::string pid;
  ProcessSpec spec = Shell("echo $$; exec sleep 1000");
  spec.on_output = [&](std::string_view piece) {
    pid += piece;
    stop.request_stop();
  };
  auto result = RunProcess(spec, stop.get_token());
  EXPECT_EQ(result.status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(Gone(std::stoi(pid)));
}

TEST(Subprocess, DoesNotRunOnWhenStoppedBeforehand) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(RunProcess(Shell("sleep 1000"), stop.get_token()).status().code(),
            StatusCode::kCancelled);
}

TEST(Subprocess, SaysWhichProgramOrFolderIsMissing) {
  ProcessSpec spec = Shell("true");
  spec.cwd = "/nonexistent/folder";
  Status status = RunProcess(spec).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(status), HasSubstr("/nonexistent/folder"));
  spec = {};
  spec.argv = {"/nonexistent/program"};
  EXPECT_EQ(RunProcess(spec).status().code(), StatusCode::kNotFound);
  spec.argv = {"no-such-program-anywhere"};
  EXPECT_EQ(RunProcess(spec).status().code(), StatusCode::kNotFound);
  spec.argv = {"/etc/passwd"};
  EXPECT_EQ(RunProcess(spec).status().code(), StatusCode::kPermissionDenied);
}

TEST(Subprocess, EndsThoughADescendantThatLeftTheGroupHoldsTheOutput) {
  auto result = RunProcess(Shell("setsid sleep 1000 & echo $!"));
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_code, 0);
  kill(std::stoi(result->out), SIGKILL);
}

TEST(Subprocess, LimitsWhatWasAskedAndDumpsNoCore) {
  ProcessSpec spec = Shell("ulimit -n; ulimit -c; ulimit -v");
  spec.limits.open_files = 64;
  spec.limits.memory_bytes = 1 << 30;
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "64\n0\n1048576\n");
}

TEST(Subprocess, StepsBackWhenAsked) {
  ProcessSpec spec = Shell("nice; sh -c nice");
  spec.niceness = 15;
  auto result = RunProcess(spec);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->out, "15\n15\n");
}

TEST(Subprocess, FindsProgramsInPath) {
  auto found = FindProgram("sh");
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->ends_with("/sh"));
  EXPECT_EQ(FindProgram("no-such-program-anywhere").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace regreen
