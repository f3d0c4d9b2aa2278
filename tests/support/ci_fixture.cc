#include "tests/support/ci_fixture.h"

#include <gtest/gtest.h>

#include "daemon/base/file.h"
#include "daemon/base/text.h"
#include "tests/support/paths.h"

namespace regreen {

std::string CiFixture(const std::string& file) {
  const auto text = ReadFile(Cat(SourceFolder(), "/tests/fixtures/ci/", file), 1 << 20);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "";
}

std::string CiFixture(const std::string& file, const std::string& member, const std::string& was,
                      const std::string& conclusion) {
  std::string text = CiFixture(file);
  const std::string old = Cat("\"", member, "\": \"", was, "\"");
  const std::size_t at = text.find(old);
  EXPECT_NE(at, std::string::npos) << file;
  if (at != std::string::npos)
    text.replace(at, old.size(), Cat("\"", member, "\": \"", conclusion, "\""));
  return text;
}

void WriteChanged(JsonWriter& out, const Json& value, int& leaf, int change) {
  if (value.IsObject()) {
    out.BeginObject();
    for (const auto& [name, member] : value.Members()) {
      const bool is_leaf = !member.IsObject() && !member.IsArray();
      const bool mine = is_leaf && leaf == 0;
      if (mine && change == 0) {  // missing
        --leaf;
        continue;
      }
      out.Key(mine && change == 1 ? Cat(name, "_renamed") : name);
      WriteChanged(out, member, leaf, change);
    }
    out.EndObject();
    return;
  }
  if (value.IsArray()) {
    out.BeginArray();
    for (const Json& element : value.Elements()) WriteChanged(out, element, leaf, change);
    out.EndArray();
    return;
  }
  if (leaf-- == 0 && change > 1) {
    if (change == 2) out.Null();
    if (change == 3) out.BeginArray().EndArray();
    if (change == 4) out.Bool(true);
    return;
  }
  out.Value(value);
}

}  // namespace regreen
