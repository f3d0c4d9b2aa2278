#include "daemon/base/json.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

TEST(Json, ReadsWhatIsThereAndNothingElse) {
  const auto json = Json::Parse(R"({"a":{"b":[1,"two",true,null,2.5]},"a":1,"e":"\u00e9"})");
  ASSERT_TRUE(json.ok());
  const Json list = (*json)["a"]["b"];
  EXPECT_EQ(list.size(), 5u);
  EXPECT_EQ(*list[std::size_t{0}].Int(), 1);
  EXPECT_EQ(*list[1].String(), "two");
  EXPECT_TRUE(*list[2].Bool());
  EXPECT_TRUE(list[3].IsNull());
  EXPECT_EQ(*list[4].Number(), 2.5);
  EXPECT_TRUE(list[9].IsNull());
  EXPECT_TRUE((*json)["nothing"]["at"]["all"].IsNull());
  EXPECT_EQ((*json)["e"].StringOr(""), "\xC3\xA9");
}

TEST(Json, AWrongTypeIsAnErrorThatSaysSo) {
  const auto json = Json::Parse(R"({"a":[]})");
  ASSERT_TRUE(json.ok());
  const auto text = (*json)["a"].String();
  EXPECT_EQ(text.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(text.status().message()),
            "JSON holds an array where a string was expected");
  EXPECT_FALSE((*json)["missing"].Int().ok());
}

struct BadCase {
  const char* name;
  std::string text;
};

TEST(Json, HostileTextEndsInAnError) {
  const BadCase cases[] = {
      {"nothing", ""},
      {"cut off", R"({"a":)"},
      {"more behind it", "{} {}"},
      {"a bare word", "yes"},
      {"bytes that are no UTF-8", "{\"a\":\"\xff\"}"},
      {"a zero byte that would hide the rest", std::string("{}\0{\"a\":1}", 9)},
      {"a string that does not end", "[\"abc"},
      {"a string that ends in an escape", "[\"abc\\"},
      {"a lone surrogate", R"({"a":"\ud800"})"},
      {"an exponent that overflows the parser", "0.00000000000001e-2147483639"},
      {"deep lists", std::string(200'000, '[')},
      {"deep and closed", std::string(100, '[') + std::string(100, ']')},
      {"deep objects",
       [] {
         std::string s;
         for (int i = 0; i < 10'000; ++i) s += "{\"a\":";
         return s;
       }()},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(Json::Parse(c.text).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(Json, BracketsInStringsDoNotNest) {
  EXPECT_TRUE(
      Json::Parse("[\"" + std::string(1000, '[') + "\\\"" + std::string(1000, '{') + "\"]").ok());
}

TEST(JsonPointer, FollowsRfc6901) {
  const auto json = Json::Parse(R"({"a/b":{"m~n":[10,20]},"":7})");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json->Pointer("/a~1b/m~0n/1")->Int(), 20);
  EXPECT_EQ(*json->Pointer("/")->Int(), 7);
  EXPECT_TRUE(json->Pointer("")->IsObject());
  EXPECT_EQ(json->Pointer("/a~1b/m~0n/2").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(json->Pointer("/a~1b/m~0n/-1").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(json->Pointer("a").status().code(), StatusCode::kInvalidArgument);
}

TEST(JsonWriter, WritesWhatParsesBack) {
  JsonWriter out;
  out.BeginObject()
      .Field("text", "quote\" line\n bad\xff")
      .Field("n", -5)
      .Field("list", std::vector<std::string>{"a", "b"});
  out.Key("half").Number(0.5).Key("nan").Number(0.0 / 0.0).EndObject();
  const auto json = Json::Parse(out.Take());
  ASSERT_TRUE(json.ok());
  EXPECT_EQ((*json)["text"].StringOr(""), "quote\" line\n bad\xEF\xBF\xBD");
  EXPECT_EQ((*json)["n"].IntOr(0), -5);
  EXPECT_EQ((*json)["list"].size(), 2u);
  EXPECT_TRUE((*json)["nan"].IsNull());
}

}  // namespace
}  // namespace regreen
