// The schemas that are shipped are what the program prints, and say what the readers take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/app/config.h"
#include "daemon/app/config_schema.h"
#include "daemon/guard/rules.h"
#include "daemon/pipeline/fixtures.h"
#include "daemon/triage/failed_test.h"
#include "daemon/triage/triage.h"
#include "tests/support/schema_check.h"
#include "tests/support/shipped_files.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

TEST(Schemas, OfLogRulesHaveTheReadersKeys) {
  ExpectSameKeys(RenderSchema(RuleSchema()), [](std::string_view text, Problems& problems) {
    const std::vector<RuleSource> sources = {{"probe.toml", std::string(text)}};
    RuleSet::Load(sources, problems);
  });
  for (const ShippedFile& file : ShippedFiles("rules"))
    EXPECT_EQ(SchemaMistakes(RenderSchema(RuleSchema()), file.text), "") << file.path;
}

TEST(Schemas, OfLogRulesNameEveryFormOfTitles) {
  const Schema schema = RuleSchema();
  for (const SchemaKey& key : schema.keys[0].keys) {
    if (key.key != "titles") continue;
    EXPECT_EQ(key.choices, TitleForms());
    return;
  }
  ADD_FAILURE() << "there is no key \"titles\"";
}

TEST(Schemas, OfFixturesHaveTheReadersKeys) {
  ExpectSameKeys(RenderSchema(FixtureSchema()), [](std::string_view text, Problems& problems) {
    ReadFixtures(text, "probe.toml", SourceFolder(), problems);
  });
  for (const ShippedFile& file : ShippedFiles("tests"))
    EXPECT_EQ(SchemaMistakes(RenderSchema(FixtureSchema()), file.text), "") << file.path;
  EXPECT_THAT(SchemaMistakes(RenderSchema(FixtureSchema()), "[[case]]\nlog = 'x'\n"),
              HasSubstr("case[0].name: is required"));
}

TEST(Schemas, OfGuardRulesHaveTheReadersKeys) {
  ExpectSameKeys(RenderSchema(GuardSchema()), [](std::string_view text, Problems& problems) {
    const std::vector<GuardSource> sources = {{"probe.toml", std::string(text)}};
    GuardRules::Load(sources, problems);
  });
  for (const ShippedFile& file : ShippedFiles("guard"))
    EXPECT_EQ(SchemaMistakes(RenderSchema(GuardSchema()), file.text), "") << file.path;
}

TEST(Schemas, OfTheConfigurationHaveTheReadersKeys) {
  const auto folder = TempDir::Create(std::filesystem::temp_directory_path(), "regreen-schema-");
  ASSERT_TRUE(folder.ok());
  ExpectSameKeys(RenderSchema(ConfigSchema()), [&](std::string_view text, Problems& problems) {
    const auto path = folder->path() / "config.toml";
    ASSERT_TRUE(WriteFileAtomic(path, text).ok());
    LoadConfig(path, problems);
  });
  EXPECT_EQ(SchemaMistakes(RenderSchema(ConfigSchema()), PrintConfig(ExampleConfig())), "");
}

TEST(Schemas, TheShippedFilesAreWhatIsPrinted) {
  const std::pair<const char*, Schema> schemas[] = {{"template", TemplateSchema()},
                                                    {"rule", RuleSchema()},
                                                    {"config", ConfigSchema()},
                                                    {"fixture", FixtureSchema()},
                                                    {"guard", GuardSchema()}};
  std::size_t found = 0;
  for (const ShippedFile& file : ShippedFiles("schema", ".json")) {
    for (const auto& [name, schema] : schemas) {
      if (std::filesystem::path(file.path).stem() != name) continue;
      ++found;
      EXPECT_EQ(file.text, RenderSchema(schema))
          << file.path << ": write it again with regreen policy schema " << name;
    }
  }
  EXPECT_EQ(found, std::size(schemas));
}

}  // namespace
}  // namespace regreen
