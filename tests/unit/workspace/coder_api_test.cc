#include "tests/unit/workspace/coder_fixture.h"

namespace regreen {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr char kMe[] = "GET /api/v2/users/me";

TEST(CoderApi, SendsTheTokenInItsHeaderAlone) {
  CoderFixture f;
  f.server.Expect(kMe, 200, R"({"username":"robot"})");
  const auto user = CoderUser(f.api, {});
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(*user, "robot");
  const auto requests = f.server.requests();
  const HttpRequest& request = requests.front();
  EXPECT_EQ(HeaderValue(request.headers, "coder-session-token"), "the-token");
  EXPECT_TRUE(request.query.empty());
  EXPECT_EQ(HeaderValue(request.headers, "authorization"), "");
}

TEST(CoderApi, MapsErrorsByOneTable) {
  struct Case {
    const char* name;
    int status;
    const char* body;
    StatusCode code;
    const char* words;
  };
  const Case cases[] = {
      {"refused", 400, R"({"message":"Validation failed.","validations":[
          {"field":"name","detail":"too long"},{"field":"ttl_ms","detail":"too small"}]})",
       StatusCode::kInvalidArgument, "Validation failed.; name: too long; ttl_ms: too small"},
      {"unprocessable", 422, R"({"message":"No."})", StatusCode::kInvalidArgument, "No."},
      {"no token", 401, R"({"message":"Cookie missing.","detail":"API key expired"})",
       StatusCode::kUnauthenticated, "Cookie missing. API key expired"},
      {"forbidden", 403, R"({"message":"Forbidden."})", StatusCode::kPermissionDenied,
       "Forbidden."},
      {"not there", 404, R"({"message":"Resource not found."})", StatusCode::kNotFound,
       "Resource not found."},
      {"deleted", 410, R"({"message":"was deleted"})", StatusCode::kNotFound, "was deleted"},
      {"conflict", 409, R"({"message":"A workspace build is already active."})",
       StatusCode::kAborted, "already active"},
      {"precondition", 412, R"({"message":"not running"})", StatusCode::kAborted, "not running"},
      {"time-out", 408, "", StatusCode::kAborted, "status 408"},
      {"broken", 500, R"({"message":"An internal error.","detail":"pq: no"})",
       StatusCode::kUnavailable, "An internal error. pq: no"},
      {"a proxy's page", 502, "<html>", StatusCode::kUnavailable, "status 502"},
      {"no JSON", 200, "<html>hello", StatusCode::kUnavailable, "is no JSON"},
      {"no object", 500, "[1]", StatusCode::kUnavailable, "status 500"},
      {"a page that nests", 400, "[[[[[[[[", StatusCode::kInvalidArgument, "status 400"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    CoderFixture f;
    f.server.Expect(kMe, c.status, c.body);
    const Status status = CoderUser(f.api, {}).status();
    EXPECT_EQ(status.code(), c.code) << status;
    EXPECT_THAT(Message(status), HasSubstr(c.words));
    EXPECT_THAT(Message(status),
                AllOf(HasSubstr("reading the token's user"), Not(HasSubstr("the-token"))));
  }
}

TEST(CoderApi, WaitsAsLongAsItIsAskedTo) {
  for (const auto& [header, want] :
       std::initializer_list<std::pair<std::string, absl::Duration>>{{"7", absl::Seconds(7)},
                                                                     {"0", absl::Seconds(1)},
                                                                     {"-5", absl::Seconds(1)},
                                                                     {"999999999", absl::Hours(1)},
                                                                     {"soon", absl::Seconds(30)},
                                                                     {"", absl::Seconds(30)}}) {
    CoderFixture f;
    Headers headers;
    if (!header.empty()) headers.emplace_back("retry-after", header);
    f.server.Expect(kMe, 429, R"({"message":"slow down"})", headers);
    const Status status = CoderUser(f.api, {}).status();
    EXPECT_EQ(status.code(), StatusCode::kResourceExhausted) << header;
    EXPECT_EQ(RetryAfter(status), want) << header;
  }
}

TEST(CoderApi, FollowsNoRedirectWithTheToken) {
  CoderFixture f, elsewhere;
  f.server.Expect(kMe, 302, "", {{"location", elsewhere.server.url() + "/login"}});
  const Status status = CoderUser(f.api, {}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(status), HasSubstr("/login"));
  EXPECT_TRUE(elsewhere.server.requests().empty());
}

TEST(CoderApi, EscapesAndCapsWhatCoderSays) {
  CoderFixture f;
  f.server.Expect(kMe, 400,
                  Cat(R"({"message":"a\u001b[2Jb )", std::string(5000, 'x'), R"(","detail":7})"));
  const std::string words = Message(CoderUser(f.api, {}).status());
  EXPECT_THAT(words, HasSubstr(R"(a\x1b[2Jb)"));
  EXPECT_LT(words.size(), 1000u);
}

TEST(CoderApi, TakesNoAnswerThatIsTooLong) {
  CoderFixture f;
  f.server.Expect(kMe, 200, Cat("\"", std::string(17 << 20, 'x'), "\""));
  EXPECT_EQ(CoderUser(f.api, {}).status().code(), StatusCode::kResourceExhausted);
}

TEST(CoderApi, EndsWhenAskedTo) {
  CoderFixture f;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(CoderUser(f.api, stop.get_token()).status().code(), StatusCode::kCancelled);
  EXPECT_TRUE(f.server.requests().empty());
  EXPECT_FALSE(PauseFor(absl::Hours(1), stop.get_token()));
  EXPECT_TRUE(PauseFor(absl::ZeroDuration(), {}));
}

TEST(CoderApi, SaysWhenThereIsNoServer) {
  auto http = NewHttpClient();
  const CoderApi api(*http, "http://127.0.0.1:1", Secret("t"));
  EXPECT_EQ(CoderUser(api, {}).status().code(), StatusCode::kUnavailable);
}

constexpr char kOrganizations[] = "GET /api/v2/users/me/organizations";
constexpr char kTemplate[] = "GET /api/v2/organizations/o1/templates/regreen";
constexpr char kPresets[] = "GET /api/v2/templateversions/v1/presets";
constexpr char kParameters[] = "GET /api/v2/templateversions/v1/rich-parameters";

struct CoderTemplates : testing::Test {
  CoderTemplates() {
    f.server.Expect(kOrganizations, 200,
                    R"([{"id":"o0","name":"other"},{"id":"o1","name":"main","is_default":true}])");
    f.server.Expect(kTemplate, 200, R"({"id":"t1","active_version_id":"v1"})");
    f.server.Expect(kPresets, 200, R"([{"ID":"p1","Name":"small","Parameters":[
        {"Name":"image","Value":"x"}]},{"id":"p2","name":"large"}])");
    f.server.Expect(kParameters, 200, R"([{"name":"image","required":true},{"name":"cpu"}])");
    choice.template_name = "regreen";
    choice.parameters = {{"image", "debian"}};
  }
  Status Error() { return ResolveTemplate(f.api, choice, {}).status(); }
  CoderFixture f;
  CoderChoice choice;
};

TEST_F(CoderTemplates, AreFoundInTheDefaultOrganization) {
  const auto found = ResolveTemplate(f.api, choice, {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->id, "t1");
  EXPECT_EQ(found->version, "v1");
  EXPECT_EQ(found->preset, "");
}

TEST_F(CoderTemplates, AreFoundInANamedOrganization) {
  choice.organization = "main";
  EXPECT_TRUE(Error().ok());
  choice.organization = "o1";
  EXPECT_TRUE(Error().ok()) << "its id does too";
  choice.organization = "maim";
  EXPECT_EQ(Error().code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(Error()), AllOf(HasSubstr("did you mean \"main\"?"), HasSubstr("\"other\"")));
}

TEST_F(CoderTemplates, TakeAPresetByNameHoweverItsKeysAreWritten) {
  choice.parameters.clear();
  choice.preset = "small";
  auto found = ResolveTemplate(f.api, choice, {});
  ASSERT_TRUE(found.ok()) << found.status() << " (the preset gives the image)";
  EXPECT_EQ(found->preset, "p1");
  choice.preset = "large";
  EXPECT_THAT(Message(Error()), HasSubstr("needs a value for its parameter \"image\""));
  choice.parameters = {{"image", "debian"}};
  found = ResolveTemplate(f.api, choice, {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->preset, "p2");
  choice.preset = "smal";
  EXPECT_THAT(Message(Error()), HasSubstr("did you mean \"small\"?"));
}

TEST_F(CoderTemplates, RefuseAParameterThatTheyDoNotHave) {
  choice.parameters["cpus"] = "2";
  EXPECT_EQ(Error().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(Error()),
              AllOf(HasSubstr("no parameter called \"cpus\""), HasSubstr("did you mean \"cpu\"?")));
}

TEST_F(CoderTemplates, SayThatTheyAreNotThereOrDeprecated) {
  choice.template_name = "gone";
  f.server.Expect("GET /api/v2/organizations/o1/templates/gone", 404,
                  R"({"message":"Resource not found."})");
  EXPECT_EQ(Error().code(), StatusCode::kNotFound);
  EXPECT_THAT(Message(Error()), HasSubstr("reading the template \"gone\""));
  choice.template_name = "old";
  f.server.Expect("GET /api/v2/organizations/o1/templates/old", 200,
                  R"({"id":"t","active_version_id":"v1","deprecated":true,
                      "deprecation_message":"use regreen"})");
  EXPECT_THAT(Message(Error()), HasSubstr("use regreen"));
}

TEST_F(CoderTemplates, AreNamedByOnePieceOfAPath) {
  choice.template_name = "../../users/me?x=#";
  f.server.Expect("GET /api/v2/organizations/o1/templates/../../users/me?x=#", 404, "{}");
  EXPECT_EQ(Error().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace regreen
