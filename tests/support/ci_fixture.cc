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

}  // namespace regreen
