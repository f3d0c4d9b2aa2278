// `regreen policy …` as a person calls it, in this process.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "daemon/app/command_line.h"
#include "tests/support/policy_folder.h"

namespace regreen {

struct Printed {
  int code = 0;
  std::string out, err;
};

// FOLDER stands for the folder.
inline Printed RunPolicy(const PolicyFolder& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"regreen", "policy"});
  std::vector<char*> argv;
  for (std::string& word : words) {
    if (word == "FOLDER") word = folder.path().string();
    if (word.starts_with("FOLDER/")) word = (folder.path() / word.substr(7)).string();
    argv.push_back(word.data());
  }
  Printed printed;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  printed.code = RunCommandLine(static_cast<int>(argv.size()), argv.data());
  printed.out = testing::internal::GetCapturedStdout();
  printed.err = testing::internal::GetCapturedStderr();
  return printed;
}

}  // namespace regreen
