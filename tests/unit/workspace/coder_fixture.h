// Answers as coderd writes them, and what asks for them.
#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <string_view>

#include "adapters/workspace/coder_workspaces.h"
#include "tests/support/scripted_server.h"

namespace regreen {

struct CoderFixture {
  ScriptedServer server;
  std::unique_ptr<HttpClient> http = NewHttpClient();
  CoderApi api{*http, server.url(), Secret("the-token")};
  CoderTimes times{absl::Milliseconds(1), absl::Seconds(20), absl::Seconds(20), absl::Seconds(20)};
  CoderWorkspaces workspaces{api, times};
};

inline constexpr char kAgentReady[] =
    R"({"id":"a1","name":"main","status":"connected","lifecycle_state":"ready"})";

inline std::string Agent(std::string_view status, std::string_view lifecycle,
                         std::string_view more = "") {
  return Cat(R"({"id":"a1","name":"main","status":")", status, R"(","lifecycle_state":")",
             lifecycle, "\"", more, "}");
}

// A workspace "w1" whose latest build is "b1" of this transition, job state and agents.
inline std::string WorkspaceJson(std::string_view transition, std::string_view job,
                                 std::string_view agents = "", std::string_view job_more = "",
                                 std::string_view status = "starting") {
  return Cat(R"({"id":"w1","name":"rg-1","latest_build":{"id":"b1","transition":")", transition,
             R"(","status":")", status, R"(","job":{"status":")", job, "\"", job_more,
             R"(},"resources":[{"agents":[)", agents, "]}]}}");
}

inline CoderWorkspace Made() {
  CoderWorkspace made;
  made.id = "w1";
  made.name = "rg-1";
  return made;
}

}  // namespace regreen
