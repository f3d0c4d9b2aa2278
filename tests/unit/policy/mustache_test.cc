#include "daemon/policy/mustache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/base/text.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(Mustache, FillsVariablesSectionsAndComments) {
  const std::map<std::string, MustacheValue> values = {
      {"name", {"x"}}, {"empty", {"", false}}, {"no", {"false", false}}};
  struct Case {
    const char* text;
    const char* wanted;
  };
  const Case cases[] = {
      {"", ""},
      {"plain } }} text", "plain } }} text"},
      {"a {{name}} b {{ name }}", "a x b x"},
      {"{{#name}}[{{name}}]{{/name}}", "[x]"},
      {"{{#empty}}a{{/empty}}{{^empty}}b{{/empty}}", "b"},
      {"{{#no}}a{{/no}}{{^no}}b{{/no}} {{no}}", "b false"},
      {"{{#name}}{{^empty}}both{{/empty}}{{/name}}", "both"},
      {"{{! of no account }}c", "c"},
      {"a\n{{#name}}\nb\n{{/name}}\nc\n", "a\nb\nc\n"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    EXPECT_EQ(ReadMustache(c.text).mistake, "");
    EXPECT_EQ(RenderMustache(c.text, values), c.wanted);
  }
}

TEST(Mustache, NeverLooksAtAValueForTags) {
  const std::map<std::string, MustacheValue> values = {
      {"a", {"{{b}} {{{b}}} {{#b}} {{>b}} {{=<% %>=}}"}}, {"b", {"secret"}}};
  EXPECT_EQ(RenderMustache("{{a}}{{#a}}{{a}}{{/a}}", values),
            values.at("a").text + values.at("a").text);
}

TEST(Mustache, PutsValuesInAsTheyAre) {
  EXPECT_EQ(RenderMustache("{{a}}", {{"a", {"<&\"'>"}}}), "<&\"'>");
}

TEST(Mustache, RefusesWhatTemplatesMustNotDo) {
  struct Case {
    const char* text;
    const char* wanted;
    std::size_t at;
  };
  const Case cases[] = {
      {"ab {{{x}}}", "unescaped values", 3},
      {"{{&x}}", "unescaped values", 0},
      {"{{ & x }}", "unescaped values", 0},
      {"{{> x}}", "partials", 0},
      {"{{=<% %>=}}", "change of delimiters", 0},
      {"{{= =}}", "change of delimiters", 0},
      {"{{=}}", "change of delimiters", 0},
      {"{{x", "is not closed", 0},
      {"{{", "is not closed", 0},
      {"a{{", "is not closed", 1},
      {"{{}}", "is empty", 0},
      {"{{ }}", "is empty", 0},
      {"{{#}}", "there is no {{}}", 0},
      {"{{.}}", "names are made of", 0},
      {"{{.Dir}}", "names are made of", 0},
      {"{{a.b}}", "names are made of", 0},
      {"{{a b}}", "names are made of", 0},
      {"{{\xff}}", "names are made of", 0},
      {"{{x?}}", "names are made of", 0},
      {"{{#x}}", "the section {{#x}} is not closed by {{/x}}", 0},
      {"{{^x}}a", "the section {{^x}} is not closed by {{/x}}", 0},
      {"{{/x}}", "{{/x}} closes no section", 0},
      {"{{#x}}{{/y}}", "{{/y}} closes no section: {{#x}} is open", 6},
      {"{{#x}}{{#y}}{{/x}}{{/y}}", "{{/x}} closes no section: {{#y}} is open", 12},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.text);
    const MustacheText read = ReadMustache(c.text);
    EXPECT_THAT(read.mistake, HasSubstr(c.wanted));
    EXPECT_EQ(read.mistake_at, c.at);
  }
}

TEST(Mustache, BoundsHowMuchATextMayAsk) {
  std::string deep, many;
  for (int i = 0; i < 11; ++i) deep += "{{#x}}";
  for (int i = 0; i < 501; ++i) many += "{{x}}";
  EXPECT_THAT(ReadMustache(deep).mistake, HasSubstr("more than 10 deep"));
  EXPECT_THAT(ReadMustache(many).mistake, HasSubstr("more than 500 tags"));
}

TEST(Mustache, NamesItsTagsWithTheirPlaces) {
  const MustacheText read = ReadMustache("a {{b}} {{#c}}{{! d }}{{/c}}");
  ASSERT_EQ(read.tags.size(), 2u);
  EXPECT_EQ(read.tags[0].name, "b");
  EXPECT_EQ(read.tags[0].at, 2u);
  EXPECT_EQ(read.tags[1].name, "c");
}

}  // namespace
}  // namespace regreen
