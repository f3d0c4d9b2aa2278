#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/ci_files.h"

namespace regreen {
namespace {

using ::testing::HasSubstr;

std::string Repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// Each of thirty names stands nine times for the one before it.
std::string Bomb(const char* element, const char* begin, const char* end, const char* first) {
  std::string text = Cat(first, "\n");
  for (int i = 1; i < 30; ++i) {
    std::string part = element;
    part.replace(part.find('#'), 1, Cat(i - 1));
    std::string head = begin;
    while (head.find('#') != std::string::npos) head.replace(head.find('#'), 1, Cat(i));
    Append(text, head, Repeat(part, 9), end, "\n");
  }
  return text;
}

TEST(GitlabDefinition, AnswersHostileTextWithAnError) {
  std::string many_includes = "include: [";
  for (int i = 0; i < 200; ++i) Append(many_includes, "a.yml,");
  const std::pair<const char*, std::string> cases[] = {
      {"empty", ""},
      {"a scalar", "just text"},
      {"a list", "[1, 2]"},
      {"broken", "job: {"},
      {"binary", std::string("\x00\xff\xfe\x01", 4)},
      {"a job that is a list", "job: [1]"},
      {"a script of maps", "job: { script: [ { a: b } ] }"},
      {"a script of a map", "job: { script: { a: b } }"},
      {"a reference of maps", "job: { script: [ !reference [ { a: b } ] ] }"},
      {"extends of maps", "job: { extends: [ { a: b } ], script: [ x ] }"},
      {"an include of a list", "include: [ [ a ] ]\njob: { script: [ x ] }"},
      {"an include of nothing", "include: [ { } ]\njob: { script: [ x ] }"},
      {"an include that is no YAML file", "include: /etc/passwd\njob: { script: [ x ] }"},
      {"an include that is not there", "include: gone.yml\njob: { script: [ x ] }"},
      {"an include of itself", "include: .gitlab-ci.yml\njob: { script: [ x ] }"},
      {"an include in a circle", "include: circle.yml\njob: { script: [ x ] }"},
      {"too many includes", many_includes + "]\njob: { script: [ x ] }"},
      {"a NUL", "job: { script: [ \"a\\0b\" ] }"},
      {"a long script", Cat("job: { script: [ ", std::string(70'000, 'y'), " ] }")},
      {"a bomb of aliases",
       Bomb("*a#,", "a#: &a# [", "]", "a0: &a0 [x]") + "job: { script: *a29 }"},
      {"a bomb of references",
       Bomb("!reference [.a#, s],", ".a#: { s: [", "] }", ".a0: { s: [x] }") +
           "job: { script: !reference [.a9, s] }"},
  };
  for (const auto& [name, text] : cases) {
    SCOPED_TRACE(name);
    const TestFiles files = {
        {".gitlab-ci.yml", text}, {"a.yml", "x: 1\n"}, {"circle.yml", "include: .gitlab-ci.yml\n"}};
    EXPECT_FALSE(Gitlab(files, "job").ok());
  }
}

TEST(GitlabDefinition, DoesNotGrowWithItsVariables) {
  std::string text = "variables:\n  V0: \"\"\n";
  for (int i = 1; i < 18; ++i) Append(text, "  V", i, ": \"", Repeat(Cat("$V", i - 1), 9), "\"\n");
  EXPECT_TRUE(Gitlab(text + "job: { script: [ 'echo $V3' ] }", "job").ok());
  EXPECT_THAT(Trouble(Gitlab(text + "job: { script: [ 'echo $V17' ] }", "job")),
              HasSubstr("too long"));
}

}  // namespace
}  // namespace regreen
