// Names of failed tests that frameworks spread over several lines. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "daemon/triage/clean.h"

namespace regreen {

struct FailedTest {
  std::string name;        // as the framework writes it
  std::uint32_t line = 0;  // index in the log, where the name begins
};

// Forms:
//   mocha   below "2 failing": "  1) outer", deeper "inner", deeper "title:"; joined by a space
//   numbered  below a heading: "1) title", one line each
//   catch2  above the line: name and sections between two rules of dashes; joined by " / "
//   doctest  above the line: "TEST CASE:  name", deeper its subcases; joined by " / "
//   surefire  behind and below "Failed tests:": "  Class.test:3 why", "  test(Class): why"
//   next    the line below, without its place: "Class#test [file:3]:"
const std::vector<std::string>& TitleForms();
bool IsTitleForm(std::string_view form);

// The tests that the line at index `line` is a heading or an end of.
std::vector<FailedTest> ReadTitles(std::string_view form, const CleanLog& log, std::uint32_t line);

// Whether a name is one of those given, or a short form of one (see Distinct).
class NamedTests {
 public:
  explicit NamedTests(const std::vector<std::string>& names);
  bool Has(std::string_view name) const;

 private:
  std::unordered_set<std::string> spellings_;
};

// Without doubles: equal names, and short forms ("FooTest.works") of a name that is there in full
// ("org.acme.FooTest.works"). Order is kept.
std::vector<std::string> Distinct(const std::vector<std::string>& names);

}  // namespace regreen
