// A forge and what stands between it and its server, so that answers can be anything, or be lost.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/forge/registry.h"
#include "daemon/base/text.h"
#include "daemon/ports/forge_actions.h"
#include "tests/support/fake_github.h"
#include "tests/support/fake_gitlab.h"

namespace regreen {

// Between a forge and its server: answers in its place, or loses what it answered.
struct Between final : public HttpClient {
  StatusOr<HttpAnswer> Call(const HttpCall& call) override {
    calls.push_back(Cat(call.method, " ", call.url));
    if (answer) return *answer;
    HttpCall shorter = call;
    if (timeout) shorter.timeout = *timeout;
    auto real = wire->Call(shorter);
    if (lose.empty() || calls.back().find(lose) == std::string::npos) return real;
    if (calls.back().starts_with("GET ")) return real;
    ++lost;
    lose.clear();
    return lost_as;
  }
  int Count(std::string_view method, std::string_view part) const {
    return static_cast<int>(std::count_if(calls.begin(), calls.end(), [&](const std::string& one) {
      return one.starts_with(method) && one.find(part) != std::string::npos;
    }));
  }
  std::unique_ptr<HttpClient> wire = NewHttpClient();
  std::optional<StatusOr<HttpAnswer>> answer;
  std::optional<absl::Duration> timeout;
  std::string lose;  // a part of the address of a write that is done, once
  StatusOr<HttpAnswer> lost_as = Unavailable("the connection was closed");
  int lost = 0;
  std::vector<std::string> calls;
};

struct Platform {
  const char* kind;
  const char* token;
};
inline const Platform kPlatforms[] = {{"github", FakeGithub::kToken},
                                      {"gitlab", FakeGitlab::kToken}};

struct ClientFixture {
  ClientFixture(const Platform& platform, const std::string& api) {
    ForgeOptions options;
    options.name = "forge";
    options.kind = platform.kind;
    options.api = api;
    options.git = "https://git.example";
    options.token = Secret(platform.token);
    options.repos = {"acme/*"};
    auto made = CreateForge(options, {&between, nullptr, &clock});
    EXPECT_TRUE(made.ok()) << made.status();
    forge = *std::move(made);
  }
  ManualClock clock;
  Between between;
  std::unique_ptr<Forge> forge;
};

inline ChangeRequest SampleRequest() {
  ChangeRequest request;
  request.repo = "acme/widget";
  request.branch = "regreen/x-1";
  request.target = "main";
  request.title = "Repair it";
  request.body = "Because.";
  request.labels = {"regreen"};
  return request;
}

inline Report OnPullRequest(int number) {
  Report report;
  report.repo = "acme/widget";
  report.pull_request = number;
  report.body = "It is red.";
  report.marker = "abc-1";
  return report;
}

}  // namespace regreen
