// Any agent that speaks the Agent Client Protocol, version 1: JSON-RPC over standard input and
// output, one object a line. This is the client's side of one session with one prompt. Source: the
// protocol's schema (agentclientprotocol/agent-client-protocol).
#pragma once

#include <map>
#include <string>

#include "adapters/agent/stream.h"

namespace regreen {

class AcpStream final : public AgentStream {
 public:
  // `model` may be empty: the agent's own choice.
  AcpStream(std::string prompt, std::string model)
      : prompt_(std::move(prompt)), model_(std::move(model)) {}

  // The agent is spoken to as soon as it is known where it works, which the command tells before it
  // becomes the agent, by this line.
  static constexpr std::string_view kFolderLine = "regreen: works in ";
  void Begin(ExecInput&) override {}
  bool stays() const override { return true; }

 private:
  enum class Step : int { kInitialize = 1, kNewSession, kSetModel, kPrompt };

  void Read(const Json& line, ExecInput& input) override;
  bool ReadText(std::string_view line, ExecInput& input) override;
  void ReadAnswer(const Json& line, ExecInput& input);
  void ReadUpdate(const Json& update);
  void ReadToolCall(const Json& update);
  void ReadStop(const Json& result);
  void Answer(const Json& request, ExecInput& input);
  void AllowOrNot(const Json& request, ExecInput& input);
  void NewSession(ExecInput& input);
  void SetModel(const Json& session, ExecInput& input);
  void Prompt(ExecInput& input);
  void Fail(const Json& error);
  // What it says comes in chunks: told when something else comes.
  void Tell();

  const std::string prompt_, model_;
  std::string folder_, session_, said_;
  Step step_ = Step::kInitialize;
  bool spoken_to_ = false;
  struct Call {
    std::string title;
    bool told = false, ended = false;
  };
  std::map<std::string, Call> calls_;  // by id
};

}  // namespace regreen
