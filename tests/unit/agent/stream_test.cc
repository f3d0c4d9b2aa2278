// The languages of the agents: what the real programs print (tests/fixtures/agents), and what a
// hostile one could.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "adapters/agent/claude_stream.h"
#include "adapters/agent/codex_stream.h"
#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using Kind = AgentEvent::Kind;

struct Heard final : ExecInput {
  void Write(std::string_view bytes) override { text += bytes; }
  void Close() override { closed = true; }
  std::string text;
  bool closed = false;
};

std::string Fixture(const std::string& name) {
  auto bytes = ReadFile(Cat(SourceFolder(), "/tests/fixtures/agents/", name, ".jsonl"), 1 << 20);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : "";
}

std::unique_ptr<AgentStream> StreamOf(std::string_view fixture) {
  if (fixture.starts_with("claude")) return std::make_unique<ClaudeStream>("Repair it.");
  return std::make_unique<CodexStream>("Repair it.");
}

// The events of a stream that comes in pieces of one size, as lines.
std::vector<std::string> Read(AgentStream& stream, std::string_view bytes, std::size_t piece) {
  Heard input;
  stream.Begin(input);
  std::vector<std::string> lines;
  const auto take = [&] {
    for (const AgentEvent& event : stream.TakeEvents())
      lines.push_back(Cat(ToString(event.kind), " ", EventText(event)));
  };
  while (!bytes.empty()) {
    stream.Feed(bytes.substr(0, piece), input);
    bytes.remove_prefix(std::min(piece, bytes.size()));
    take();
  }
  stream.Finish(input);
  take();
  EXPECT_EQ(input.text, "Repair it.");
  EXPECT_TRUE(input.closed);
  return lines;
}

struct EndCase {
  const char* fixture;
  const char* claim;  // "" for no end
  const char* words;
};

TEST(AgentStream, KnowsHowTheRealProgramsEnd) {
  for (const EndCase& c : std::initializer_list<EndCase>{
           {"claude-ok", "finished", "I changed a.txt."},
           {"claude-none", "finished", "I changed nothing."},
           {"claude-e401", "unauthorized", "401"},
           {"claude-e403", "unauthorized", "403"},
           {"claude-e429", "unreachable", "429"},
           {"claude-e500", "unreachable", "500"},
           {"claude-drop", "unreachable", "Connection to the API was lost"},
           {"claude-dropmid", "unreachable", "Connection to the API was lost"},
           {"claude-raw", "unreachable", "malformed response"},
           {"claude-loop", "over-budget", "maximum number of turns"},
           {"claude-hang", "", ""},
           {"codex-ok", "finished", "I changed a.txt."},
           {"codex-none", "finished", "I changed nothing."},
           {"codex-e401", "unauthorized", "401"},
           {"codex-e403", "unauthorized", "403"},
           {"codex-e429", "unreachable", "429"},
           {"codex-e500", "unreachable", "high demand"},
           {"codex-drop", "unreachable", "stream disconnected"},
           {"codex-dropmid", "unreachable", "stream disconnected"},
           {"codex-raw", "unreachable", "stream disconnected"},
           {"codex-loop", "", ""},
           {"codex-hang", "", ""}}) {
    SCOPED_TRACE(c.fixture);
    const auto stream = StreamOf(c.fixture);
    Read(*stream, Fixture(c.fixture), 4096);
    ASSERT_EQ(stream->end().has_value(), *c.claim != '\0');
    if (!stream->end()) continue;
    EXPECT_EQ(ToString(stream->end()->claim), c.claim);
    EXPECT_THAT(stream->end()->words, HasSubstr(c.words));
  }
}

TEST(AgentStream, ReadsTheSameInPiecesOfAnySize) {
  for (const char* fixture : {"claude-ok", "claude-drop", "codex-ok", "codex-e500"}) {
    SCOPED_TRACE(fixture);
    const std::string bytes = Fixture(fixture);
    const std::vector<std::string> whole = Read(*StreamOf(fixture), bytes, bytes.size());
    for (const std::size_t piece : {1, 2, 3, 7, 64, 1000})
      EXPECT_EQ(Read(*StreamOf(fixture), bytes, piece), whole);
    EXPECT_EQ(Read(*StreamOf(fixture), std::string_view(bytes).substr(0, bytes.size() - 1), 9),
              whole)
        << "the last line break may be missing";
  }
}

TEST(AgentStream, TellsWhatClaudeCodeDid) {
  ClaudeStream stream("Repair it.");
  const auto lines = Read(stream, Fixture("claude-ok"), 100);
  EXPECT_THAT(lines[0], HasSubstr("started: Claude Code 2.1.330, model claude-"));
  EXPECT_THAT(lines, Contains(HasSubstr("tool-call > Bash {\"command\":\"sed -i s/bad/good/")));
  EXPECT_THAT(lines, Contains("tool-result < (Bash completed with no output)\n"));
  EXPECT_THAT(lines, Contains("message I changed a.txt.\n"));
  EXPECT_EQ(lines.back(), "end end: finished: I changed a.txt.\n");
  EXPECT_EQ(stream.tool_calls(), 1);
  EXPECT_EQ(stream.usage().input_tokens, 1600);
  EXPECT_EQ(stream.usage().cache_read_tokens, 400);
  EXPECT_EQ(stream.usage().output_tokens, 100);
  EXPECT_NEAR(stream.usage().usd, 0.00848, 1e-6);
}

TEST(AgentStream, TellsWhatCodexDid) {
  CodexStream stream("Repair it.");
  const auto lines = Read(stream, Fixture("codex-ok"), 100);
  EXPECT_THAT(lines, Contains("tool-call > shell /bin/bash -lc 'sed -i s/bad/good/ a.txt'\n"));
  EXPECT_THAT(lines, Contains("message I changed a.txt.\n"));
  EXPECT_EQ(stream.usage().input_tokens, 1600) << "what came from the cache is apart";
  EXPECT_EQ(stream.usage().cache_read_tokens, 400);
  EXPECT_EQ(stream.usage().output_tokens, 100);
}

TEST(AgentStream, TellsTheFilesThatWereChanged) {
  ClaudeStream claude("Repair it.");
  EXPECT_THAT(
      Read(
          claude,
          R"({"type":"assistant","message":{"id":"m","content":[
)"
          R"({"type":"assistant","message":{"id":"m","content":[{"type":"tool_use","id":"t1","name":"Edit","input":{"file_path":"/work/a.cc"}},{"type":"tool_use","id":"t2","name":"Write","input":{"file_path":"/work/b.cc"}}]}}
{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","content":[{"type":"text","text":"done"}]},{"type":"tool_result","tool_use_id":"t2","content":"no","is_error":true}]}}
)",
          50),
      testing::AllOf(Contains("file-change changed: /work/a.cc\n"),
                     testing::Not(Contains("file-change changed: /work/b.cc\n")),
                     Contains("tool-result < failed: no\n"),
                     Contains("error error: 1 lines of it were no JSON objects\n")));
  CodexStream codex("Repair it.");
  EXPECT_THAT(
      Read(
          codex,
          R"({"type":"item.completed","item":{"type":"file_change","status":"completed","changes":[{"path":"a.cc","kind":"update"}]}})",
          1000),
      Contains("file-change changed: a.cc\n"));
}

TEST(AgentStream, AGiveUpIsTheLastLineOfTheLastMessage) {
  CodexStream stream("Repair it.");
  Read(
      stream,
      R"({"type":"item.completed","item":{"type":"agent_message","text":"I looked.\nregreen: gave up: the header is not there"}}
{"type":"turn.completed","usage":{}}
)",
      1000);
  EXPECT_EQ(stream.end()->claim, AgentClaim::kGaveUp);
  EXPECT_EQ(stream.end()->words, "the header is not there");
}

TEST(AgentStream, ARefusalOfTheModelIsNoGiveUp) {
  ClaudeStream stream("Repair it.");
  Read(
      stream,
      R"({"type":"result","subtype":"success","is_error":false,"stop_reason":"refusal","result":"I cannot help."})",
      1000);
  EXPECT_EQ(stream.end()->claim, AgentClaim::kDeclined);
}

TEST(AgentStream, SurvivesWhateverComes) {
  const char* const lines[] = {
      "",
      "{",
      "{}",
      "[]",
      "null",
      "\"text\"",
      "{\"type\":null}",
      "{\"type\":{}}",
      "{\"type\":\"assistant\"}",
      "{\"type\":\"assistant\",\"message\":[]}",
      "{\"type\":\"assistant\",\"message\":{\"content\":{\"type\":\"text\"}}}",
      "{\"type\":\"assistant\",\"message\":{\"content\":[null,1,\"x\",[],{\"type\":\"tool_use\"}]}"
      "}",
      "{\"type\":\"assistant\",\"message\":{\"usage\":{\"input_tokens\":-9,\"output_tokens\":\"x\"}"
      "}}",
      "{\"type\":\"user\",\"message\":{\"content\":\"x\"}}",
      "{\"type\":\"user\",\"message\":{\"content\":[{\"type\":\"tool_result\",\"content\":[1,{}]}]}"
      "}",
      "{\"type\":\"system\",\"subtype\":\"init\",\"model\":7}",
      "{\"type\":\"result\",\"total_cost_usd\":\"free\",\"usage\":[],\"errors\":[1,\"x\"]}",
      "{\"type\":\"item.completed\",\"item\":7}",
      "{\"type\":\"item.completed\",\"item\":{\"type\":\"file_change\",\"changes\":\"x\"}}",
      "{\"type\":\"turn.failed\",\"error\":\"x\"}",
      "\xff\xfe\x00garbage",
      "{\"type\":\"assistant\",\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"\xff\"}]}}",
  };
  for (const char* line : lines) {
    for (const char* program : {"claude", "codex"}) {
      SCOPED_TRACE(Cat(program, ": ", EscapeControl(line)));
      Read(*StreamOf(program), Cat(line, "\n", line), 5);
      Read(*StreamOf(program), Cat(Fixture(Cat(program, "-ok")), line, "\n"), 64);
    }
  }
}

TEST(AgentStream, ALineThatIsTooLongIsLeftOutAndTheRestIsRead) {
  ClaudeStream stream("Repair it.");
  const std::string giant =
      Cat(R"({"type":"assistant","message":{"content":[{"type":"text","text":")",
          std::string(AgentStream::kMostLine, 'x'), "\"}]}}\n");
  const auto lines = Read(stream, Cat(giant, Fixture("claude-ok")), 64 << 10);
  EXPECT_THAT(lines, Contains("error error: 1 lines of it were longer than 4 MiB\n"));
  EXPECT_EQ(stream.end()->words, "I changed a.txt.");
}

TEST(AgentStream, LongTextsAreCutAndEventsAreBounded) {
  ClaudeStream stream("Repair it.");
  Heard input;
  const std::string call = Cat(
      R"({"type":"assistant","message":{"content":[{"type":"tool_use","id":"x","name":"Bash","input":{"command":")",
      std::string(100'000, 'y'), "\"}}]}}\n");
  stream.Feed(call, input);
  const auto events = stream.TakeEvents();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_LE(events[0].arguments.size(), kMostEventText);
  const std::string small =
      R"({"type":"assistant","message":{"content":[{"type":"tool_use","id":"x","name":"Bash","input":{}}]}})"
      "\n";
  std::size_t told = 0;
  for (int i = 0; i < AgentStream::kMostEvents + 100; ++i) {
    stream.Feed(small, input);
    told += stream.TakeEvents().size();
  }
  EXPECT_EQ(told, static_cast<std::size_t>(AgentStream::kMostEvents) - 1);
  EXPECT_EQ(stream.tool_calls(), AgentStream::kMostEvents + 101) << "they are still counted";
}

TEST(AgentStream, WhatComesAfterTheEndChangesNothing) {
  CodexStream stream("Repair it.");
  const auto lines = Read(stream, Cat(Fixture("codex-ok"), Fixture("codex-e500")), 512);
  EXPECT_EQ(stream.end()->claim, AgentClaim::kFinished);
  EXPECT_EQ(lines.back(), "error error: 6 lines came after its end\n");
}

TEST(AgentEvents, AreOneJsonObjectEach) {
  AgentEvent event;
  event.kind = Kind::kEnd;
  event.claim = AgentClaim::kOverBudget;
  event.text = "a\nb";
  JsonWriter out;
  WriteJson(event, out);
  EXPECT_EQ(out.Take(), R"({"kind":"end","text":"a\nb","claim":"over-budget"})");
  AgentEvent used;
  used.kind = Kind::kUsed;
  used.usage.input_tokens = 5;
  used.usage.usd = 0.5;
  WriteJson(used, out);
  EXPECT_EQ(
      out.Take(),
      R"({"kind":"usage","usage":{"input_tokens":5,"output_tokens":0,"cache_read_tokens":0,"cache_write_tokens":0,"usd":0.5}})");
  EXPECT_THAT(EventText(used), IsEmpty());
}

}  // namespace
}  // namespace regreen
