// The scripts, read by the shells of this machine.
#include "adapters/workspace/remote_script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string EveryByte() {
  std::string bytes;
  for (int c = 1; c < 256; ++c) bytes += static_cast<char>(c);
  return bytes;
}

// As an engine's client runs it, with the remaining input after the line.
ProcessResult Read(const std::vector<std::string>& shell, const std::string& script,
                   const std::string& rest, const RemoteTraits& traits = {}) {
  ProcessSpec spec;
  spec.argv = shell;
  const std::vector<std::string> reader = ScriptReader(traits);
  spec.argv.insert(spec.argv.end(), reader.begin() + 1, reader.end());
  spec.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", "/tmp"}, {"OF_THE_MACHINE", "x"}};
  spec.stdin_bytes = Cat(ScriptLine(script, "the-nonce"), rest);
  auto result = RunProcess(spec);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ProcessResult{};
}

TEST(RemoteScript, ArrivesByteForByteAndLeavesTheInputAlone) {
  for (const std::vector<std::string>& shell :
       {std::vector<std::string>{"/bin/sh"}, {"/bin/bash"}, {"/bin/dash"}, {"busybox", "sh"}}) {
    if (!FindProgram(shell[0]).ok() && shell[0].front() != '/') continue;
    const std::string word = EveryByte();
    const auto result =
        Read(shell, Cat("printf %s ", ShellQuoted(word), "; cat; answer done\n"), "\nrest\\n\n");
    EXPECT_EQ(result.out, Cat(word, "\nrest\\n\n")) << shell[0];
    EXPECT_EQ(AnswerIn(result.err, "the-nonce"), "done") << shell[0];
  }
}

TEST(RemoteScript, IsOneLineOfPlainCharacters) {
  const std::string line = ScriptLine(Cat("x=", ShellQuoted(EveryByte()), "\nexit\n"), "n");
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  for (const char c : line.substr(0, line.size() - 1)) EXPECT_TRUE(c >= ' ' && c <= '~');
}

TEST(RemoteScript, HidesTheMachinesEnvironmentButForWhatIsKept) {
  const std::string script = "env; answer 0\n";
  EXPECT_THAT(Read({"/bin/sh"}, script, "").out, Not(HasSubstr("OF_THE_MACHINE")));
  EXPECT_THAT(Read({"/bin/sh"}, script, "").out, HasSubstr("PATH=/usr/local/bin"));
  RemoteTraits traits;
  traits.keep_env = {"NOT_SET", "OF_THE_MACHINE"};
  EXPECT_THAT(Read({"/bin/sh"}, script, "", traits).out, HasSubstr("OF_THE_MACHINE=x\n"));
  EXPECT_THAT(Read({"/bin/sh"}, script, "", traits).out, Not(HasSubstr("NOT_SET")));
  traits.keep_env = {"*"};
  EXPECT_THAT(Read({"/bin/sh"}, script, "", traits).out, HasSubstr("OF_THE_MACHINE=x\n"));
}

TEST(RemoteScript, ItsAnswerIsTheLastOfOursAndNoOnesElse) {
  EXPECT_EQ(AnswerIn("noise\n\nn 7\n", "n"), "7");
  EXPECT_EQ(AnswerIn("\nn 7\n\nn late\nclosed\n", "n"), "late");
  EXPECT_EQ(AnswerIn("\nother 0\n", "n"), "");
  EXPECT_EQ(AnswerIn("n 0\n", "n"), "") << "not on a line of its own";
  EXPECT_EQ(AnswerIn("", "n"), "");
  EXPECT_EQ(WithoutAnswer("noise\n\nn 7\n", "n"), "noise\n");
  EXPECT_EQ(WithoutAnswer("noise\n", "n"), "noise\n");
}

// A secret in the environment must not be on a command line, where others could read it.
TEST(RemoteScript, PutsNothingOfItselfOnACommandLine) {
  ExecSpec spec;
  spec.command = "true";
  spec.env = {{"TOKEN", "the-secret"}};
  const std::string script = ExecScript({"/work", "name", true}, {}, {}, spec, spec.timeout);
  EXPECT_THAT(script, HasSubstr("TOKEN='the-secret'; export TOKEN"));
  for (const std::string& word : ScriptReader({})) EXPECT_THAT(word, Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace regreen
