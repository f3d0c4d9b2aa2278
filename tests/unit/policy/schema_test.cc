// The schema of templates says what their readers take, and every shipped template fits it.
#include "daemon/policy/schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/policy/bases.h"
#include "daemon/policy/template.h"
#include "tests/support/schema_check.h"
#include "tests/support/shipped_files.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(TemplateSchema, HasTheKeysThatTheReaderTakes) {
  ExpectSameKeys(RenderSchema(TemplateSchema()), [](std::string_view text, Problems& problems) {
    ReadTemplate(text, "probe.toml", problems);
  });
}

TEST(TemplateSchema, EveryShippedTemplateAndBaseFits) {
  for (const char* folder : {"templates", "base"}) {
    for (const ShippedFile& file : ShippedFiles(folder))
      EXPECT_EQ(SchemaMistakes(RenderSchema(TemplateSchema()), file.text), "") << file.path;
  }
}

TEST(SchemaCheck, FindsWhatDoesNotFit) {
  const auto mistakes = [](std::string_view text) {
    return SchemaMistakes(RenderSchema(TemplateSchema()), text);
  };
  EXPECT_EQ(mistakes("name = 'x'\n[match]\nclass = ['test', 'lint']\nseen = 'first'\n"), "");
  EXPECT_EQ(mistakes("[match]\nseen = { at_least = 2 }\nunless = { fork = true }\n"), "");
  EXPECT_EQ(mistakes("[inputs]\nx = { type = 'int', default = 1 }\n"), "");
  EXPECT_THAT(mistakes("nam = 'x'\n"), HasSubstr("nam: unknown key"));
  EXPECT_THAT(mistakes("[match]\nclas = 'test'\n"), HasSubstr("match.clas: unknown key"));
  EXPECT_THAT(mistakes("stage = 'later'\n"), HasSubstr("stage"));
  EXPECT_THAT(mistakes("stage = 1\n"), HasSubstr("stage"));
  EXPECT_THAT(mistakes("priority = 'high'\n"), HasSubstr("priority"));
  EXPECT_THAT(mistakes("priority = 2000\n"), HasSubstr("priority"));
  EXPECT_THAT(mistakes("[match]\nclass = ['tests']\n"), HasSubstr("match.class"));
  EXPECT_THAT(mistakes("[inputs]\nx = { typ = 'int' }\n"), HasSubstr("inputs.x.typ"));
  EXPECT_THAT(mistakes("[[step]]\nrun = true\n"), HasSubstr("step[0].run"));
  EXPECT_THAT(mistakes("[verify]\ntimeout = 'soon'\n"), HasSubstr("verify.timeout"));
}

}  // namespace
}  // namespace regreen
