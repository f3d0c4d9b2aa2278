#include "adapters/workspace/egress.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using testing::HasSubstr;

sockaddr_storage Address(const char* text) {
  sockaddr_storage out{};
  auto& four = reinterpret_cast<sockaddr_in&>(out);
  auto& six = reinterpret_cast<sockaddr_in6&>(out);
  if (inet_pton(AF_INET, text, &four.sin_addr) == 1) {
    out.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text, &six.sin6_addr), 1) << text;
    out.ss_family = AF_INET6;
  }
  return out;
}

TEST(Egress, OnlyAddressesOfTheInternetArePublic) {
  for (const char* text :
       {"1.1.1.1",         "8.8.8.8",         "9.255.255.255", "11.0.0.0",        "100.63.255.255",
        "100.128.0.0",     "126.255.255.255", "128.0.0.1",     "169.253.255.255", "172.15.255.255",
        "172.32.0.0",      "192.167.255.255", "192.169.0.0",   "198.17.255.255",  "198.20.0.0",
        "223.255.255.255", "2606:4700::1111", "2a00:1450::1",  "2001:200::1",     "2003::1",
        "3ffe::1"})
    EXPECT_TRUE(IsPublicAddress(Address(text))) << text;
  for (const char* text : {"0.0.0.0",
                           "0.1.2.3",
                           "10.0.0.1",
                           "10.255.255.255",
                           "100.64.0.1",
                           "100.127.255.255",
                           "127.0.0.1",
                           "127.255.255.254",
                           "169.254.0.1",
                           "169.254.169.254",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.0.0.8",
                           "192.0.2.1",
                           "192.88.99.1",
                           "192.168.1.1",
                           "198.18.0.1",
                           "198.19.255.255",
                           "198.51.100.1",
                           "203.0.113.1",
                           "224.0.0.1",
                           "239.255.255.255",
                           "240.0.0.1",
                           "255.255.255.255",
                           "::",
                           "::1",
                           "::ffff:127.0.0.1",
                           "::ffff:8.8.8.8",
                           "::127.0.0.1",
                           "64:ff9b::7f00:1",
                           "64:ff9b:1::1",
                           "100::1",
                           "fe80::1",
                           "fec0::1",
                           "fc00::1",
                           "fd00:ec2::254",
                           "ff02::1",
                           "2001::1",
                           "2001:db8::1",
                           "2002:7f00:1::1",
                           "2001:20::1",
                           "3fff::1",
                           "4000::1"})
    EXPECT_FALSE(IsPublicAddress(Address(text))) << text;
  EXPECT_FALSE(IsPublicAddress(sockaddr_storage{})) << "no family at all";
}

struct Target {
  const char* text;
  const char* host;  // nullptr: refused
  int port = 0;
};

TEST(Egress, ReadsATargetInOneWayOnly) {
  const Target targets[] = {
      {"registry.example:443", "registry.example", 443},
      {"Registry.EXAMPLE:443", "registry.example", 443},
      {"registry.example.:443", "registry.example", 443},
      {"[2606:4700::1111]:443", "2606:4700::1111", 443},
      {"10.0.0.1:80", "10.0.0.1", 80},
      {"registry.example", nullptr},
      {"registry.example:", nullptr},
      {"registry.example:0", nullptr},
      {"registry.example:0443", nullptr},
      {"registry.example:+443", nullptr},
      {"registry.example:443 ", nullptr},
      {"registry.example:65536", nullptr},
      {"registry.example:99999999999999999999", nullptr},
      {"registry.example:https", nullptr},
      {"registry.example..:443", nullptr},
      {".registry.example:443", nullptr},
      {"registry..example:443", nullptr},
      {"user@registry.example:443", nullptr},
      {"user:pass@registry.example:443", nullptr},
      {"registry.example:443@evil.example:443", nullptr},
      {"https://registry.example:443", nullptr},
      {"registry.example/x:443", nullptr},
      {"registry%2eexample:443", nullptr},
      {"registry.example#:443", nullptr},
      {"-registry.example:443", nullptr},
      {"2606:4700::1111:443", nullptr},
      {"[::1:443", nullptr},
      {"[registry.example]:443", nullptr},
      {"[::1%lo]:443", nullptr},
      {":443", nullptr},
      {"", nullptr},
      {"r\xc3\xa9gistre.example:443", nullptr},
  };
  for (const Target& target : targets) {
    const auto parsed = ParseHostPort(target.text);
    ASSERT_EQ(parsed.ok(), target.host != nullptr) << target.text;
    if (!parsed.ok()) continue;
    EXPECT_EQ(parsed->host, target.host);
    EXPECT_EQ(parsed->port, target.port);
  }
  EXPECT_FALSE(ParseHostPort(std::string("registry.example\0.evil:443", 26)).ok());
  EXPECT_FALSE(ParseHostPort(Cat(std::string(64, 'a'), ".example:443")).ok());
  EXPECT_FALSE(ParseHostPort(Cat(std::string(5000, 'a'), ":443")).ok());
}

TEST(Egress, AllowsThatHostAndPortOnly) {
  EgressSet set;
  set.allow = {"Registry.example:443", "*.mirror.example:8443", "[2606:4700::1111]:443"};
  for (const char* text : {"registry.example:443", "REGISTRY.example.:443", "a.mirror.example:8443",
                           "a.b.mirror.example:8443", "[2606:4700::1111]:443"})
    EXPECT_TRUE(AllowsHost(set, *ParseHostPort(text))) << text;
  for (const char* text :
       {"registry.example:80", "a.registry.example:443", "registry.example.evil:443",
        "evilregistry.example:443", "mirror.example:8443", "a.mirror.example:443",
        "amirror.example:8443", "a.mirror.example.evil:8443", "127.0.0.1:443", "[::1]:443"})
    EXPECT_FALSE(AllowsHost(set, *ParseHostPort(text))) << text;
}

TEST(Egress, AllowsACallByItsNormalPathOnly) {
  EgressSet set;
  set.paths = {"POST /v1/messages", "POST /v1beta/models/*:generateContent", "GET /v1/models"};
  EXPECT_TRUE(AllowsCall(set, "POST", "/v1/messages"));
  EXPECT_TRUE(AllowsCall(set, "GET", "/v1/models"));
  EXPECT_TRUE(AllowsCall(set, "POST", "/v1beta/models/one-2.5:generateContent"));
  const std::pair<const char*, const char*> refused[] = {
      {"GET", "/v1/messages"},
      {"post", "/v1/messages"},
      {"POST", "/v1/messages/"},
      {"POST", "/v1/Messages"},
      {"POST", "/v1//messages"},
      {"POST", "//v1/messages"},
      {"POST", "/v1/./messages"},
      {"POST", "/v1/x/../messages"},
      {"POST", "/v1/messages/.."},
      {"POST", "/v1/%6dessages"},
      {"POST", "/v1/messages%00"},
      {"POST", "/v1/messages%2f..%2ffiles"},
      {"POST", "/v1\\messages"},
      {"POST", "/v1/messages;x=1"},
      {"POST", "v1/messages"},
      {"POST", ""},
      {"POST", "/"},
      {"POST", "*"},
      {"POST", "/v1/files"},
      {"POST", "/v1beta/models/a/b:generateContent"},
      {"POST", "/v1beta/models/..:x/../y:generateContent"},
  };
  for (const auto& [method, path] : refused)
    EXPECT_FALSE(AllowsCall(set, method, path)) << method << " " << path;
  EXPECT_FALSE(AllowsCall(set, "POST", std::string_view("/v1/messages\0", 13)));
  EXPECT_FALSE(AllowsCall(set, "POST", Cat("/", std::string(100'000, 'a'))));
}

TEST(Egress, KnowsWhatAPatternReachesOfAForge) {
  EXPECT_TRUE(PatternReaches("github.com:443", "github.com"));
  EXPECT_TRUE(PatternReaches("GitHub.com.:22", "github.com"));
  EXPECT_TRUE(PatternReaches("api.github.com:443", "github.com"));
  EXPECT_TRUE(PatternReaches("*.github.com:443", "api.github.com"));
  EXPECT_TRUE(PatternReaches("*.example.org:443", "git.lab.example.org"));
  EXPECT_FALSE(PatternReaches("notgithub.com:443", "github.com"));
  EXPECT_FALSE(PatternReaches("packages.example.com:443", "github.com"));
  EXPECT_TRUE(PatternReaches("*.lab.example.org:443", "lab.example.org"));
}

TEST(Egress, NamesEveryMistakeOfASet) {
  EgressSet packages;
  packages.allow = {"*:443", "*.com:443", "registry.example"};
  packages.max_connections = 0;
  packages.max_bytes = 0;
  const std::string message = Message(CheckEgressSet(packages));
  EXPECT_THAT(message, HasSubstr("\"*:443\" is no host:port"));
  EXPECT_THAT(message, HasSubstr("\"*.com:443\" is too wide"));
  EXPECT_THAT(message, HasSubstr("\"registry.example\" is no host:port"));
  EXPECT_THAT(message, HasSubstr("max_connections"));
  EXPECT_THAT(message, HasSubstr("max_bytes"));

  EgressSet model;
  model.kind = "model";
  model.upstream = "http://api.model.example";
  model.paths = {"/v1/messages"};
  EXPECT_THAT(Message(CheckEgressSet(model)), HasSubstr("upstream must be https"));
  EXPECT_THAT(Message(CheckEgressSet(model)), HasSubstr("must be a method and a path"));
  EXPECT_THAT(Message(CheckEgressSet(model)), HasSubstr("key_header"));
  model.upstream = "http://127.0.0.1:8000/base";
  model.paths = {"POST /v1/messages"};
  model.key_header = "x-api-key";
  EXPECT_TRUE(CheckEgressSet(model).ok()) << CheckEgressSet(model);

  EgressSet other;
  other.kind = "package";
  EXPECT_THAT(Message(CheckEgressSet(other)), HasSubstr("did you mean \"packages\"?"));
}

}  // namespace
}  // namespace regreen
