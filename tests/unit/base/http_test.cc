#include "daemon/base/http.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

TEST(ParseUrl, ReadsAndNormalises) {
  struct Case {
    const char* name;
    const char* url;
    const char* origin;
    const char* path;
  };
  const Case cases[] = {
      {"default port of http", "http://ci.example/x", "http://ci.example:80", "/x"},
      {"default port of https", "https://ci.example", "https://ci.example:443", "/"},
      {"upper case", "HTTPS://CI.Example/Path", "https://ci.example:443", "/Path"},
      {"own port and query", "http://h:8080/a?b=c&d", "http://h:8080", "/a?b=c&d"},
      {"query without a path", "http://h?x=1", "http://h:80", "/?x=1"},
      {"fragment", "http://h/a#b?c", "http://h:80", "/a"},
      {"IPv6", "http://[::1]:81/", "http://[::1]:81", "/"},
      {"dot segments", "http://h/logs/../secret/./x", "http://h:80", "/secret/x"},
      {"encoded dot segments", "http://h/logs/%2e%2E/secret", "http://h:80", "/secret"},
      {"climbing beyond the root", "http://h/../../x/..", "http://h:80", "/"},
      {"dots in the query stay", "http://h/a?p=../b", "http://h:80", "/a?p=../b"},
      {"names of dots stay", "http://h/.../..x", "http://h:80", "/.../..x"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const auto url = ParseUrl(c.url);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->Origin(), c.origin);
    EXPECT_EQ(url->path, c.path);
  }
}

TEST(ParseUrl, RefusesWhatIsNoPlainHttpUrl) {
  const std::string cases[] = {"",
                               "ftp://h/",
                               "//h/",
                               "h/x",
                               "http://",
                               "http:///x",
                               "http://user@h/",
                               "http://user:secret@h/",
                               "http://h:0/",
                               "http://h:65536/",
                               "http://h:8x/",
                               "http://h:+80/",
                               "http://a b/",
                               "http://h/a b",
                               "http://h/\r\nX: y",
                               std::string("http://h/\0", 10),
                               "http://h\\@evil/",
                               "http://[::1/",
                               "http://[::1]x/",
                               "file:///etc/passwd",
                               "http://h/" + std::string(9000, 'a')};
  for (const std::string& url : cases) {
    EXPECT_EQ(ParseUrl(url).status().code(), StatusCode::kInvalidArgument) << url.substr(0, 60);
  }
}

TEST(ParseUrl, NeverRepeatsAPasswordInItsError) {
  EXPECT_EQ(Message(ParseUrl("http://user:hunter2@h/").status()).find("hunter2"),
            std::string::npos);
}

TEST(IsLoopbackHost, IsNotDeceivedByANameThatBeginsLikeAnAddress) {
  for (const char* host : {"localhost", "::1", "127.0.0.1", "127.1.2.3"})
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  for (const char* host : {"127.example.org", "127.0.0.1.example.org", "localhost.example.org", "",
                           "10.0.0.1", "128.0.0.1", "::2"})
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
}

TEST(HeaderValue, FindsTheFirstOrNothing) {
  const Headers headers = {{"a", "1"}, {"b", "2"}, {"a", "3"}};
  EXPECT_EQ(HeaderValue(headers, "a"), "1");
  EXPECT_EQ(HeaderValue(headers, "c"), "");
}

}  // namespace
}  // namespace regreen
