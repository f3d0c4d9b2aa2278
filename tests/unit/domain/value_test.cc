#include "daemon/domain/value.h"

#include <gtest/gtest.h>

namespace regreen {
namespace {

struct Case {
  const char* name;
  ValueSpec spec;
  std::string text;
  const char* mistake;
};

TEST(Value, SaysWhatIsWrongWithATextAsAValueOfItsType) {
  const ValueSpec level{"level", ValueType::kEnum, {"low", "high"}};
  const ValueSpec version{"version", ValueType::kString, {}, "[0-9]+\\.[0-9]+"};
  const ValueSpec names{"names", ValueType::kList, {}, "[a-z]+"};
  const Case cases[] = {
      {"any text is a string", {"x"}, "anything at all", ""},
      {"a string beyond its cap",
       {"x", ValueType::kString, {}, "", 3},
       "four",
       "is 4 bytes long, and at most 3 are allowed"},
      {"a NUL fits in no environment", {"x"}, std::string("a\0b", 3), "holds a NUL character"},
      {"a whole number", {"n", ValueType::kInt}, "-12", ""},
      {"a fraction is no whole number", {"n", ValueType::kInt}, "1.5", "is not a whole number"},
      {"a number", {"n", ValueType::kNumber}, "1.5e3", ""},
      {"not finite", {"n", ValueType::kNumber}, "inf", "is not a number"},
      {"a number with a tail", {"n", ValueType::kNumber}, "1x", "is not a number"},
      {"a truth value", {"b", ValueType::kBool}, "true", ""},
      {"yes is not true", {"b", ValueType::kBool}, "yes", "is neither \"true\" nor \"false\""},
      {"one of the choices", level, "low", ""},
      {"none of the choices", level, "middle", "is not one of low, high"},
      {"the whole text fits the pattern", version, "18.2", ""},
      {"a part of the text is not enough", version, "18.2; rm -rf /",
       "does not match /[0-9]+\\.[0-9]+/"},
      {"each line of a list fits", names, "ab\ncd", ""},
      {"one line of a list does not", names, "ab\nCD", "does not match /[a-z]+/"},
      {"a plain path", {"p", ValueType::kPath}, "src/a b.cc", ""},
      {"an absolute path",
       {"p", ValueType::kPath},
       "/etc/passwd",
       "must not begin with '/' or '-'"},
      {"an option in the guise of a path",
       {"p", ValueType::kPath},
       "-rf",
       "must not begin with '/' or '-'"},
      {"a path that leaves the tree",
       {"p", ValueType::kPath},
       "a/../../b",
       "must be a plain path below the repository"},
      {"git's own folder",
       {"p", ValueType::kPath},
       "a/.git/config",
       "must be a plain path below the repository"},
  };
  for (const Case& c : cases) EXPECT_EQ(ValueMistake(c.spec, c.text), c.mistake) << c.name;
}

TEST(Value, EveryTypeHasAName) {
  for (const std::string& name : ValueTypeNames()) {
    const auto type = ParseValueType(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(ToString(*type), name);
  }
  EXPECT_FALSE(ParseValueType("text"));
}

}  // namespace
}  // namespace regreen
