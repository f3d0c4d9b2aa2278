#include "daemon/service/api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "tests/support/fake_policy_records.h"
#include "tests/support/policy_files.h"
#include "tests/support/samples.h"

namespace regreen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kViewer[] = "viewer-token-0123456789";

class ApiTest : public testing::Test {
 protected:
  ApiTest() : live_(Read(SamplePolicyFiles("one")), clock.Now()) {}

  static std::shared_ptr<const Policies> Read(std::vector<PolicyFile> files) {
    Problems problems;
    auto read = std::make_shared<Policies>(LoadPolicyFiles(std::move(files), "/etc/p", problems));
    EXPECT_FALSE(problems.has_errors()) << problems.Render();
    read->origin = "folder /etc/p";
    return read;
  }
  void Reload(std::vector<PolicyFile> files) {
    Problems problems;
    Policies read = LoadPolicyFiles(std::move(files), "", problems);
    live_.Replace(std::move(read), problems, clock.Now());
  }
  static HttpRequest Request(std::string method, std::string path, std::string body = "") {
    HttpRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.body = std::move(body);
    request.headers = {{"authorization", std::string("Bearer ") + kViewer},
                       {"content-type", "application/json"}};
    return request;
  }
  HttpResponse Ask(const HttpRequest& request) { return api_.Handle(request); }
  HttpResponse Check(const std::string& body) {
    return Ask(Request("POST", "/api/v1/policies/check", body));
  }
  HttpResponse Explain(const std::string& body) {
    return Ask(Request("POST", "/api/v1/policies/explain", body));
  }
  static Json Body(const HttpResponse& response) {
    auto json = Json::Parse(response.body);
    EXPECT_TRUE(json.ok()) << response.body;
    return *json;
  }
  // What a problem by RFC 9457 says.
  static std::string Detail(const HttpResponse& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    const Json body = Body(response);
    EXPECT_EQ(body["status"].IntOr(0), response.status);
    EXPECT_NE(body["title"].StringOr(""), "");
    return body["detail"].StringOr("");
  }

  ManualClock clock;
  LivePolicies live_;
  FakePolicyRecords records_;
  Api api_{{&live_, &clock, &records_}, {{"ci", Secret(kViewer), ApiRole::kViewer}}};
};

TEST_F(ApiTest, WithoutATokenConfiguredItAnswersNobodyAndSaysHowTo) {
  Api closed({&live_, &clock, &records_}, {});
  const HttpResponse response = closed.Handle(Request("GET", "/api/v1/policies"));
  EXPECT_EQ(response.status, 403);
  EXPECT_THAT(Detail(response), HasSubstr("add [api.NAME] with token ="));
}

TEST_F(ApiTest, AWrongTokenIsRefusedBeforeAnythingIsLookedAt) {
  for (const std::string value :
       {"", "Bearer", "Bearer ", "Bearer wrong",
        "Basic dmlld2VyLXRva2VuLTAxMjM0NTY3ODk=", "viewer-token-0123456789",
        "Bearer viewer-token-012345678", "Bearer viewer-token-01234567890"}) {
    for (const char* path : {"/api/v1/policies", "/api/v1/nothing", "/api/"}) {
      HttpRequest request = Request("GET", path);
      request.headers[0].second = value;
      const HttpResponse response = Ask(request);
      EXPECT_EQ(response.status, 401) << value;
      EXPECT_THAT(HeaderValue(response.headers, "www-authenticate"), HasSubstr("Bearer"));
      EXPECT_THAT(Detail(response), HasSubstr("[api.NAME]"));
    }
  }
  HttpRequest request = Request("GET", "/api/v1/policies");
  request.headers.clear();
  EXPECT_EQ(Ask(request).status, 401);
}

TEST_F(ApiTest, AViewerIsNoOperator) {
  const ApiAccess access({{"ci", Secret(kViewer), ApiRole::kViewer},
                          {"ops", Secret("operator-token-456789"), ApiRole::kOperator}},
                         clock);
  const Headers viewer = {{"authorization", std::string("bearer ") + kViewer}};
  const Headers ops = {{"authorization", "Bearer operator-token-456789"}};
  EXPECT_EQ(access.Refusal(viewer, ApiRole::kViewer), std::nullopt);
  const auto refusal = access.Refusal(viewer, ApiRole::kOperator);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 403);
  EXPECT_THAT(Detail(*refusal), HasSubstr("role = \"operator\""));
  EXPECT_EQ(access.Refusal(ops, ApiRole::kViewer), std::nullopt);
  EXPECT_EQ(access.Refusal(ops, ApiRole::kOperator), std::nullopt);
}

TEST_F(ApiTest, ListsThePoliciesInForce) {
  const HttpResponse response = Ask(Request("GET", "/api/v1/policies"));
  ASSERT_EQ(response.status, 200);
  const Json body = Body(response);
  EXPECT_EQ(body["digest"].StringOr(""), live_.status().digest);
  EXPECT_EQ(body["origin"].StringOr(""), "folder /etc/p");
  EXPECT_EQ(body["loaded_at"].StringOr(""), "2023-11-14T22:13:20+00:00");
  EXPECT_TRUE(body["valid"].BoolOr(false));
  EXPECT_TRUE(body["refused"].IsNull());
  ASSERT_EQ(body["templates"].size(), 1u);
  const Json one = body["templates"][0];
  EXPECT_EQ(one["name"].StringOr(""), "one");
  EXPECT_EQ(one["stage"].StringOr(""), "suggest");
  EXPECT_EQ(one["file"].StringOr(""), "templates/one.toml");
  EXPECT_THAT(one["match"].Strings(), ElementsAre(R"(log = "table\\.txt is out of date")"));
}

TEST_F(ApiTest, SaysWhatWasRefused) {
  std::vector<PolicyFile> bad = SamplePolicyFiles("one");
  bad[0].text = "name = \"one\"\nprioriy = 1\n[[step]]\nrun = \"true\"\n";
  Reload(bad);
  const Json body = Body(Ask(Request("GET", "/api/v1/policies")));
  EXPECT_FALSE(body["valid"].BoolOr(true));
  const Json problem = body["refused"]["problems"][0];
  EXPECT_EQ(problem["file"].StringOr(""), "templates/one.toml");
  EXPECT_EQ(problem["line"].IntOr(0), 2);
  EXPECT_EQ(problem["severity"].StringOr(""), "error");
  EXPECT_THAT(problem["message"].StringOr(""), HasSubstr("did you mean \"priority\"?"));
}

TEST_F(ApiTest, WhatDidNotChangeIsNotSentAgain) {
  HttpRequest request = Request("GET", "/api/v1/policies");
  const std::string tag(HeaderValue(Ask(request).headers, "etag"));
  ASSERT_NE(tag, "");
  request.headers.emplace_back("if-none-match", "\"other\", W/" + tag);
  const HttpResponse same = Ask(request);
  EXPECT_EQ(same.status, 304);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(HeaderValue(same.headers, "etag"), tag);
  Reload(SamplePolicyFiles("two"));
  EXPECT_EQ(Ask(request).status, 200);
}

TEST_F(ApiTest, ShowsOneTemplateOrNamesTheNearest) {
  const Json one = Body(Ask(Request("GET", "/api/v1/policies/one")));
  EXPECT_EQ(one["name"].StringOr(""), "one");
  EXPECT_THAT(one["effective"].StringOr(""), HasSubstr("sh generate.sh > table.txt"));
  EXPECT_THAT(one["effective"].StringOr(""), HasSubstr("# default"));
  const HttpResponse response = Ask(Request("GET", "/api/v1/policies/onee"));
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(Detail(response), HasSubstr("did you mean \"one\"?"));
  EXPECT_THAT(Detail(Ask(Request("GET", "/api/v1/policies/\x1b[2J"))), HasSubstr("\\x1b[2J"));
  EXPECT_EQ(Ask(Request("HEAD", "/api/v1/policies/one")).status, 200);
}

TEST_F(ApiTest, WhatIsNotThereIsSaidAndWhatIsAskedWronglyToo) {
  for (const char* path : {"/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/policies",
                           "/api/v1/policies/", "/api/v1/policies/one/more"})
    EXPECT_EQ(Ask(Request("GET", path)).status, 404) << path;
  const HttpResponse post = Ask(Request("POST", "/api/v1/policies"));
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(HeaderValue(post.headers, "allow"), "GET");
  const HttpResponse del = Ask(Request("DELETE", "/api/v1/policies/check"));
  EXPECT_EQ(del.status, 405);
  EXPECT_EQ(HeaderValue(del.headers, "allow"), "GET, POST");
}

TEST_F(ApiTest, ChecksAFileOverThePoliciesInForce) {
  const HttpResponse good =
      Check(R"({"files":{"templates/two.toml":"name = \"two\"\n[[step]]\nrun = \"true\"\n"}})");
  ASSERT_EQ(good.status, 200) << good.body;
  EXPECT_TRUE(Body(good)["ok"].BoolOr(false)) << good.body;
  EXPECT_NE(Body(good)["digest"].StringOr(""), live_.status().digest);

  const Json bad = Body(
      Check(R"({"files":{"templates/two.toml":"name = \"one\"\n[[step]]\nrun = \"true\"\n"}})"));
  EXPECT_FALSE(bad["ok"].BoolOr(true));
  EXPECT_THAT(bad["problems"][0]["message"].StringOr(""), HasSubstr("is taken by"));
  EXPECT_EQ(bad["problems"][0]["line"].IntOr(0), 1);

  EXPECT_NE(live_.Current()->templates->Find("one"), nullptr);
  EXPECT_EQ(live_.Current()->templates->Find("two"), nullptr) << "a check changes nothing";
  EXPECT_THAT(live_.status().reloads, ElementsAre(0, 0, 0, 0));
}

TEST_F(ApiTest, ChecksTheRemovalOfAFile) {
  const Json body = Body(Check(R"({"files":{"guard/sample.toml":null}})"));
  EXPECT_FALSE(body["ok"].BoolOr(true));
  EXPECT_THAT(body["problems"][0]["message"].StringOr(""), HasSubstr("no guard rules"));
}

TEST_F(ApiTest, ChecksASetOfItsOwn) {
  JsonWriter whole;
  whole.BeginObject().Field("base", "none").Key("files").BeginObject();
  for (const PolicyFile& file : SamplePolicyFiles("one")) whole.Field(file.path, file.text);
  whole.EndObject().EndObject();
  const Json good = Body(Check(whole.Take()));
  EXPECT_TRUE(good["ok"].BoolOr(false)) << good.Serialize();
  EXPECT_EQ(good["digest"].StringOr(""), live_.status().digest);
  EXPECT_FALSE(Body(Check(R"({"base":"none","files":{}})"))["ok"].BoolOr(true));
}

TEST_F(ApiTest, TriesTheExamplesOfRulesThatAreGiven) {
  const Json body = Body(Check(
      R"({"files":{"rules/new.toml":"[[rule]]\nname = \"new\"\nclass = \"lint\"\nmatch = ['abcdef']\n[[rule.example]]\nlog = 'nothing of it'\n"}})"));
  EXPECT_FALSE(body["ok"].BoolOr(true)) << body.Serialize();
}

TEST_F(ApiTest, RefusesBodiesThatAreNotWhatIsAskedFor) {
  struct Case {
    const char* body;
    int status;
    const char* says;
  };
  const Case cases[] = {
      {"", 400, "JSON"},
      {"{", 400, "JSON"},
      {"[]", 422, "must be a JSON object"},
      {"{}", 422, "\"files\" must be an object"},
      {R"({"files":[]})", 422, "\"files\" must be an object"},
      {R"({"file":{}})", 422, "did you mean \"files\"?"},
      {R"({"files":{},"files":{}})", 422, "twice"},
      {R"({"files":{},"base":"old"})", 422, "\"current\" or \"none\""},
      {R"({"files":{},"base":1})", 422, "\"current\" or \"none\""},
      {R"({"files":{"templates/a.toml":1}})", 422, "must hold the file's text"},
      {R"({"files":{"templates/a.toml":"","templates/a.toml":""}})", 422, "twice"},
      {R"({"files":{"../../etc/passwd":""}})", 422, "is no policy file"},
      {R"({"files":{"templates/../a.toml":""}})", 422, "is no policy file"},
      {R"({"files":{"templates/a\u0000.toml":""}})", 422, "is no policy file"},
      {R"({"files":{"templates/\u001b[2J.toml":""}})", 422, "is no policy file"},
      {R"({"files":{"tests/a.toml":""}})", 422, "is no policy file"},
  };
  for (const Case& c : cases) {
    const HttpResponse response = Check(c.body);
    EXPECT_EQ(response.status, c.status) << c.body;
    EXPECT_THAT(Detail(response), HasSubstr(c.says)) << c.body;
    clock.Advance(absl::Minutes(1));
  }
}

TEST_F(ApiTest, ExplainsALogAndTriesFilesOnIt) {
  const HttpResponse response = Explain(
      R"({"log":"error: table.txt is out of date\n","event":{"repo":"acme/gadget","command":"make"}})");
  ASSERT_EQ(response.status, 200) << response.body;
  const Json one = Body(response)["explanations"][0];
  EXPECT_EQ(one["chosen"].StringOr(""), "one") << response.body;
  EXPECT_EQ(one["templates"][0]["conditions"][0]["key"].StringOr(""), "log");

  const HttpResponse other = Explain(
      R"({"log":"error: table.txt is out of date\n","event":{"command":"make"},"files":{)"
      R"("templates/one.toml":null,"templates/two.toml":"name = \"two\"\n[[step]]\nrun = \"true\"\n"}})");
  EXPECT_EQ(Body(other)["explanations"][0]["chosen"].StringOr(""), "two") << other.body;
}

TEST_F(ApiTest, ExplainsWhatAnAgentWouldBeTold) {
  const HttpResponse response = Explain(
      R"({"log":"error: table.txt is out of date\n","event":{"repo":"acme/gadget","command":"make"},)"
      R"("files":{"templates/ask.toml":"name = \"ask\"\npriority = 9\n[[step]]\nname = \"think\"\n)"
      R"(agent = \"cheap\"\nprompt = \"prompts/ask.md\"\n","prompts/ask.md":"Repair {{repo}}."}})");
  ASSERT_EQ(response.status, 200) << response.body;
  const Json prompt = Body(response)["explanations"][0]["prompts"][0];
  EXPECT_EQ(prompt["agent"].StringOr(""), "cheap") << response.body;
  EXPECT_THAT(prompt["text"].StringOr(""), testing::StartsWith("Repair acme/gadget.\n"));
  EXPECT_THAT(prompt["text"].StringOr(""), HasSubstr("## Rules\n"));
}

TEST_F(ApiTest, ExplainsWhatADeliveryShowed) {
  Observation seen;
  seen.delivery_key = "guid-1";
  seen.incident = SampleTask().incident;
  records_.observations.push_back(seen);
  const HttpResponse response = Explain(R"({"delivery":"guid-1"})");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(Body(response)["explanations"].size(), 1u);
  const HttpResponse none = Explain(R"({"delivery":"guid-2"})");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(Detail(none), HasSubstr("regreen decisions"));
}

TEST_F(ApiTest, WhatCannotBeExplainedIsSaid) {
  struct Case {
    const char* body;
    const char* says;
  };
  const Case cases[] = {
      {"[]", "must be a JSON object"},
      {"{}", "give \"log\""},
      {R"({"log":1})", "give \"log\""},
      {R"({"logs":"x"})", "did you mean \"log\"?"},
      {R"({"log":"x","event":"push"})", "\"event\" must be an object"},
      {R"({"log":"x","event":{"repoo":"a/b"}})", "did you mean \"repo\"?"},
      {R"({"log":"x","event":{"pull_request":"1"}})", "\"event\" has 1 mistake"},
      {R"({"log":"x","delivery":"guid"})", "goes without \"log\""},
      {R"({"delivery":""})", "\"delivery\" must be"},
      {R"({"log":"x","files":{"templates/a.toml":"name = 1"}})", "the set with these files has"},
      {R"({"log":"x","files":{"a.toml":""}})", "is no policy file"},
      {R"({"log":"x","base":"none"})", "\"files\" must be an object"},
  };
  for (const Case& c : cases) {
    const HttpResponse response = Explain(c.body);
    EXPECT_EQ(response.status, 422) << c.body;
    EXPECT_THAT(Detail(response), HasSubstr(c.says)) << c.body;
  }
}

TEST_F(ApiTest, CapsWhatItTakes) {
  EXPECT_EQ(Check(std::string(kMaxApiBodyBytes + 1, ' ')).status, 413);
  JsonWriter many;
  many.BeginObject().Key("files").BeginObject();
  for (int i = 0; i <= 2000; ++i) many.Key(Cat("templates/t", i, ".toml")).Null();
  many.EndObject().EndObject();
  EXPECT_THAT(Detail(Check(many.Take())), HasSubstr("more than 2000"));
  HttpRequest text = Request("POST", "/api/v1/policies/check", "{}");
  text.headers[1].second = "text/plain";
  EXPECT_EQ(Ask(text).status, 415);
  text.headers[1].second = "Application/JSON; charset=utf-8";
  EXPECT_EQ(Ask(text).status, 422);
}

TEST_F(ApiTest, ATokenThatAsksWithoutEndIsSlowedDown) {
  for (int i = 0; i < 60; ++i) ASSERT_EQ(Check("{}").status, 422) << i;
  const HttpResponse response = Check("{}");
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(HeaderValue(response.headers, "retry-after"), "1");
  EXPECT_EQ(Ask(Request("GET", "/api/v1/policies")).status, 200) << "reading costs little";
  clock.Advance(absl::Seconds(1));
  EXPECT_EQ(Check("{}").status, 422);
  EXPECT_EQ(Check("{}").status, 429);
}

}  // namespace
}  // namespace regreen
