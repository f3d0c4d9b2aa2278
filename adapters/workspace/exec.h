// The kind `exec`: any engine that can be told by command lines to create, run and destroy.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/workspace/remote.h"

namespace regreen {

// Command lines are lists of words, run on this machine without a shell. In a word, {name} is the
// machine's name, {commit} what it is for, {cpu}, {memory} (bytes) and {memory_mib} its
// limits, {directory} our own folder for it, and {KEY} of `values`. In `run`, the word {argv} is
// the command as words of its own, for programs that take one; {command} is the same in one word,
// for those that give it to a shell. In `attach`, {tree} is the folder of the files there, for a
// shell. The word {options} is `options`.
struct ExecOptions {
  std::string preset;  // a name of ExecPresets(): its command lines hold where none is given here
  std::vector<std::string> create;  // none: there is a machine already
  std::vector<std::string> ready;   // run after it; ends when commands can be run
  std::vector<std::string> run;     // needed
  std::vector<std::string> destroy;
  std::vector<std::string> list;  // prints the names of all machines, one a line (KIND/ is cut off)
  std::vector<std::string> attach;  // a shell for a person
  std::string manifest;  // a file for the standard input of `create`, with {name} as above
  std::vector<std::string> options;  // words of the operator's own, where a preset has {options}
  std::vector<std::string> env;      // variables of ours that these programs need, by name
  std::map<std::string, std::string> values;
  int cpu = 0;                    // 0: 2
  std::int64_t memory_bytes = 0;  // 0: 4 GiB
  std::string folder;             // RemoteTraits
  std::vector<std::string> keep_env;
};

struct ExecPreset {
  const char* name;
  ExecOptions options;
};
const std::vector<ExecPreset>& ExecPresets();

// With what the preset gives. InvalidArgument, one mistake a line.
StatusOr<ExecOptions> CompleteExecOptions(ExecOptions options);
// Of complete options. A machine that is created is the workspace's own.
std::unique_ptr<RemoteEngine> NewExecEngine(ExecOptions options, std::vector<std::string> path);

// A word or a file with its placeholders filled in. InvalidArgument names one that is unknown.
StatusOr<std::string> FillPlaceholders(std::string_view text,
                                       const std::map<std::string, std::string>& values);

}  // namespace regreen
