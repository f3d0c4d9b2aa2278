// The client's side of the Agent Client Protocol, against what opencode says
// (tests/fixtures/agents) and against agents that break it.
#include "adapters/agent/acp_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/paths.h"

namespace regreen {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using Kind = AgentEvent::Kind;

struct Heard final : ExecInput {
  void Write(std::string_view bytes) override { text += bytes; }
  void Close() override { closed = true; }
  std::string text;
  bool closed = false;
};

class AcpStreamTest : public testing::Test {
 protected:
  void Begin(std::string model = "") {
    stream = std::make_unique<AcpStream>("Repair it.", std::move(model));
    stream->Begin(input);
    Feed("some banner\nregreen: works in /work\n");
  }
  void Feed(std::string_view bytes, std::size_t piece = 1 << 20) {
    while (!bytes.empty()) {
      stream->Feed(bytes.substr(0, piece), input);
      bytes.remove_prefix(std::min(piece, bytes.size()));
      for (const AgentEvent& event : stream->TakeEvents())
        events.push_back(Cat(ToString(event.kind), " ", EventText(event)));
    }
  }
  void Open() {
    Begin();
    Feed(R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":1}})"
         "\n"
         R"({"jsonrpc":"2.0","id":2,"result":{"sessionId":"s"}})"
         "\n");
  }
  void Replay(const char* fixture, std::size_t piece) {
    auto bytes =
        ReadFile(Cat(SourceFolder(), "/tests/fixtures/agents/", fixture, ".jsonl"), 1 << 20);
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    Feed(*bytes, piece);
  }

  Heard input;
  std::unique_ptr<AcpStream> stream;
  std::vector<std::string> events;
};

TEST_F(AcpStreamTest, SpeaksToOpencodeAndTellsWhatItDid) {
  Begin();
  Replay("opencode-ok", 100);
  // The recording's prompt has the number 4, as ours.
  EXPECT_THAT(input.text, HasSubstr(R"("method":"initialize","params":{"protocolVersion":1)"));
  EXPECT_THAT(input.text, HasSubstr(R"("method":"session/new","params":{"cwd":"/work")"));
  EXPECT_THAT(input.text, HasSubstr(R"("prompt":[{"type":"text","text":"Repair it."}])"));
  EXPECT_TRUE(input.closed);
  EXPECT_EQ(events,
            (std::vector<std::string>{"started started: OpenCode 1.18.33\n",
                                      "tool-call > bash {\"command\":\"sed -i s/bad/good/ a.txt\","
                                      "\"description\":\"A step\",\"cwd\":\"/work\"}\n",
                                      "tool-result < (no output)\n", "message I changed a.txt.\n",
                                      "usage ", "end end: finished: I changed a.txt.\n"}));
  EXPECT_EQ(stream->usage().cache_read_tokens, 200);
}

TEST_F(AcpStreamTest, KnowsAKeyThatIsNotTaken) {
  Begin();
  Replay("opencode-e401", 7);
  ASSERT_TRUE(stream->end());
  EXPECT_EQ(stream->end()->claim, AgentClaim::kUnauthorized);
  EXPECT_THAT(stream->end()->words, HasSubstr("scripted 401"));
}

TEST_F(AcpStreamTest, KnowsWhyATurnStopped) {
  struct Case {
    const char* result;
    AgentClaim claim;
  };
  for (const Case& c : std::initializer_list<Case>{
           {R"("result":{"stopReason":"end_turn"})", AgentClaim::kFinished},
           {R"("result":{"stopReason":"refusal"})", AgentClaim::kDeclined},
           {R"("result":{"stopReason":"max_tokens"})", AgentClaim::kOverBudget},
           {R"("result":{"stopReason":"max_turn_requests"})", AgentClaim::kOverBudget},
           {R"("result":{"stopReason":"cancelled"})", AgentClaim::kCrashed},
           {R"("result":{})", AgentClaim::kCrashed},
           {R"("result":null)", AgentClaim::kCrashed},
           {R"("error":{"code":-32000,"message":"who are you?"})", AgentClaim::kUnauthorized},
           {R"("error":{"code":-32603,"message":"Internal error","data":"status 529 overloaded"})",
            AgentClaim::kUnreachable},
           {R"("error":{"code":-32603})", AgentClaim::kFailed}}) {
    SCOPED_TRACE(c.result);
    input = {};
    Open();
    Feed(Cat(R"({"jsonrpc":"2.0","id":4,)", c.result, "}\n"));
    ASSERT_TRUE(stream->end());
    EXPECT_EQ(stream->end()->claim, c.claim);
    EXPECT_TRUE(input.closed);
  }
}

TEST_F(AcpStreamTest, AllowsWhatIsAskedOnceAndHasNoFilesToGive) {
  Open();
  input.text.clear();
  Feed(
      R"({"jsonrpc":"2.0","id":"a","method":"session/request_permission","params":{"toolCall":{"title":"rm -r x"},"options":[{"optionId":"no","kind":"reject_once"},{"optionId":"always","kind":"allow_always"},{"optionId":"once","kind":"allow_once"}]}}
{"jsonrpc":"2.0","id":77,"method":"fs/read_text_file","params":{"path":"/etc/passwd"}}
{"jsonrpc":"2.0","id":78,"method":"session/request_permission","params":{"options":"all"}}
)");
  EXPECT_THAT(
      input.text,
      HasSubstr(R"("id":"a","result":{"outcome":{"outcome":"selected","optionId":"once"}}})"));
  EXPECT_THAT(input.text, HasSubstr(R"("id":77,"error":{"code":-32601)"));
  EXPECT_THAT(input.text, HasSubstr(R"("id":78,"result":{"outcome":{"outcome":"cancelled"}}})"));
  EXPECT_THAT(events, Contains("permission allowed: rm -r x\n"));
}

TEST_F(AcpStreamTest, SetsTheModelInEitherWay) {
  Begin("m/1");
  Feed(
      "{\"id\":1,\"result\":{\"protocolVersion\":1}}\n{\"id\":2,\"result\":{\"sessionId\":\"s\"}}"
      "\n");
  EXPECT_THAT(input.text,
              HasSubstr(R"("session/set_model","params":{"sessionId":"s","modelId":"m/1"})"));
  EXPECT_THAT(input.text, Not(HasSubstr("session/prompt")));
  Feed("{\"id\":3,\"result\":{}}\n");
  EXPECT_THAT(input.text, HasSubstr("session/prompt"));
  input = {};
  Begin("m/1");
  Feed(
      "{\"id\":1,\"result\":{\"protocolVersion\":1}}\n"
      "{\"id\":2,\"result\":{\"sessionId\":\"s\",\"configOptions\":[{\"id\":\"model\"}]}}\n");
  EXPECT_THAT(input.text, HasSubstr(R"("configId":"model","value":"m/1")"));
}

TEST_F(AcpStreamTest, AnotherVersionIsNamed) {
  Begin();
  Feed("{\"id\":1,\"result\":{\"protocolVersion\":2}}\n");
  EXPECT_EQ(stream->end()->claim, AgentClaim::kFailed);
  EXPECT_THAT(stream->end()->words, HasSubstr("version 2 of the Agent Client Protocol"));
}

TEST_F(AcpStreamTest, SurvivesAHostileAgent) {
  const char* const lines[] = {
      "{}",
      "[]",
      "{\"id\":1}",
      "{\"id\":99,\"result\":{}}",
      "{\"id\":1,\"result\":[]}",
      "{\"id\":{},\"method\":7}",
      "{\"method\":\"session/update\"}",
      "{\"method\":\"session/update\",\"params\":{\"update\":{\"sessionUpdate\":\"tool_call\"}}}",
      "{\"method\":\"session/update\",\"params\":{\"update\":{\"sessionUpdate\":\"usage_update\","
      "\"cost\":{\"amount\":\"x\"}}}}",
      "{\"method\":\"session/"
      "update\",\"params\":{\"update\":{\"sessionUpdate\":\"tool_call_update\","
      "\"toolCallId\":\"t\",\"status\":\"completed\",\"content\":7}}}",
      "{\"id\":5,\"method\":\"terminal/create\",\"params\":{\"command\":\"sh\"}}",
      "regreen: works in /elsewhere",
      "{\"id\":1,\"error\":\"x\"}",
  };
  for (const char* line : lines) {
    SCOPED_TRACE(line);
    input = {};
    stream = std::make_unique<AcpStream>("Repair it.", "");
    Feed(Cat(line, "\n"), 3);  // before anything was said to it
    Begin();
    for (int i = 0; i < 3; ++i) Feed(Cat(line, "\n"), 5);
    Open();
    for (int i = 0; i < 3; ++i) Feed(Cat(line, "\n"), 5);
    stream->Finish(input);
  }
}

TEST_F(AcpStreamTest, ChunksWithoutEndAreBounded) {
  Open();
  const std::string chunk = Cat(
      R"({"method":"session/update","params":{"update":{"sessionUpdate":"agent_message_chunk","content":{"text":")",
      std::string(10'000, 'x'), "\"}}}}\n");
  for (int i = 0; i < 1000; ++i) Feed(chunk);
  Feed("{\"id\":4,\"result\":{\"stopReason\":\"end_turn\"}}\n");
  std::size_t total = 0;
  for (const std::string& event : events) total += event.size();
  EXPECT_LT(total, 100'000u);
  EXPECT_EQ(stream->end()->claim, AgentClaim::kFinished);
}

}  // namespace
}  // namespace regreen
