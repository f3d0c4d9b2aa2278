#include "daemon/app/config.h"

namespace regreen {

Config ExampleConfig() {
  Config config;
  ForgeConfig& github = config.forge["github"];
  github.kind = "github";
  github.token = "credential:github-token";
  github.repos = {"acme/*"};
  CiConfig& hook = config.ci["github"];
  hook.kind = "github";
  hook.forge = "github";
  hook.secret = "credential:github-webhook";
  CiConfig& jenkins = config.ci["jenkins"];
  jenkins.kind = "generic";
  jenkins.forge = "github";
  jenkins.secret = "credential:jenkins-webhook";
  jenkins.token_header = "X-Jenkins-Token";
  jenkins.failed_when = {"FAILURE"};
  jenkins.log_url_prefixes = {"https://jenkins.example.com/job/"};
  jenkins.map = {{"repo", "=acme/widget"},
                 {"commit", "/build/scm/commit"},
                 {"branch", "=main"},
                 {"run_id", "/build/number"},
                 {"conclusion", "/build/status"},
                 {"workflow", "/name"},
                 {"job", "/name"},
                 {"command", "=make check"},
                 {"log_url", "/build/log_url"},
                 {"link", "/build/full_url"}};
  AgentConfig& agent = config.agent["example"];
  agent.command = "my-agent --read-prompt-from-stdin";
  agent.max_usd = 2;
  agent.price_usd = 0.25;
  agent.env = {{"MY_AGENT_MODE", "careful"}};
  AgentConfig& claude = config.agent["claude"];
  claude.kind = "claude";
  claude.network = "model";
  claude.max_usd = 1;
  claude.max_turns = 60;
  NetworkConfig& packages = config.network["packages"];
  packages.allow = {"packages.example.com:443", "*.mirror.example.com:443"};
  NetworkConfig& model = config.network["model"];
  model.kind = "model";
  model.upstream = "https://api.model.example";
  model.paths = {"POST /v1/messages"};
  model.key = "credential:model-key";
  model.max_requests = 200;
  model.max_tokens = 2'000'000;
  model.prices = {{"*", "input=3 output=15 cache_read=0.3 cache_write=3.75"}};
  CoderConfig& coder = config.coder["example"];
  coder.url = "https://coder.example.com";
  coder.token = "credential:coder-token";
  coder.preset = "small";
  coder.parameters = {{"image", "codercom/enterprise-base:ubuntu"}};
  ExecConfig& exec = config.exec["example"];
  exec.preset = "ssh";
  exec.values = {{"host", "builder.example.com"}};
  config.api["dashboard"].token = "credential:api-token";
  return config;
}

}  // namespace regreen
