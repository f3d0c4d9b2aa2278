// The tests of a policy folder: cases under tests/*.toml, each a failure, its log, and what is
// expected to be made of it.
//   [[case]]
//   name = "black names a file"          # unique in its file
//   log  = "logs/black.log"              # beside this file, plain or gzip; or log_text = '''…'''
//   [case.event]                         # daemon/pipeline/failure_case.h
//   command = "black --check ."
//   [case.expect]
//   template = "black"                   # "" for none
//   class    = "format"                  # optional
//   inputs   = { version = "3" }         # optional: these have these values, whatever else there
//   is decision = "chosen: black"           # optional: a part of the rendered selection
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/toml.h"
#include "daemon/pipeline/failure_case.h"
#include "daemon/pipeline/policies.h"

namespace regreen {

struct FixtureExpectation {
  std::string template_name;  // "" for none
  std::optional<FailureClass> failure_class;
  std::vector<std::pair<std::string, std::string>> inputs;
  std::string decision;
};

struct Fixture {
  std::string name;
  Position where;
  FailureCase failure;
  std::string log;
  FixtureExpectation expected;
};

struct FixtureResult {
  std::vector<std::string> mistakes;  // what was expected and what came, a sentence each
  std::string
      conditions;  // of the expected template, or else of the one that was chosen; a line each
  bool passed() const { return mistakes.empty(); }
};

// The cases of one file; logs are read from `folder`. Every mistake is noted, and what has one is
// left out.
std::vector<Fixture> ReadFixtures(std::string_view text, const std::string& file,
                                  const std::filesystem::path& folder, Problems& problems);
// Those of every TOML file in FOLDER/tests, by name of the file; a folder without tests has none.
std::vector<Fixture> LoadFixtures(const std::filesystem::path& folder, Problems& problems);

// `policies` were loaded without errors.
FixtureResult RunFixture(const Fixture& fixture, const Policies& policies);

}  // namespace regreen
