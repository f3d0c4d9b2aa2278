// The shell scripts that run in a remote workspace, as text. Pure.
//
// They need a POSIX shell, tar, find and xargs with -print0 and -0, and stat -c: GNU's or
// BusyBox's. No git: what runs there is of no consequence to us.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/workspace/remote.h"

namespace regreen {

// A word as a POSIX shell reads it back.
std::string ShellWord(std::string_view word);

// The words that start our shell there: it reads one line, in which a script is encoded, and leaves
// the rest of its standard input to the script. So nothing of a script is on a command line.
std::vector<std::string> ScriptReader(const RemoteTraits& traits);
// The line, with its end. `nonce` is what `answer WORD` prints in front of the word, on a line of
// its own, to the standard error of the call.
std::string ScriptLine(const std::string& script, const std::string& nonce);
// The word of the last answer; "" for none.
std::string AnswerIn(std::string_view standard_error, const std::string& nonce);

struct RemotePlace {
  std::string folder;  // RemoteTraits::folder
  std::string name;
  bool own_machine = false;
};

// Makes the workspace's folders and unpacks a tar stream from standard input: 0, or 1.
std::string OpenScript(const RemotePlace& place);
// Runs a command: its exit code, "late" when its time was over, "gone" when there is no such
// directory. `spec.input` is not in it.
std::string ExecScript(const RemotePlace& place, const RemoteTraits& traits,
                       const RemoteMachine& machine, const ExecSpec& spec);
// Kills what is left of a command.
std::string EndScript(const RemotePlace& place);
// The same, and removes the workspace's folder.
std::string RemoveScript(const RemotePlace& place);
// The names in the folder of workspaces, a line each.
std::string NamesScript(const std::string& folder);

// What is in the tree, for ParseListing.
std::string ListScript(const RemotePlace& place);
// Of names on standard input, each ended by a NUL byte: the files' bytes; the links' targets, each
// ended by a line break; the files' ids as git's blobs, a line each.
std::string ReadFilesScript(const RemotePlace& place);
std::string ReadLinksScript(const RemotePlace& place);
std::string IdentifyScript(const RemotePlace& place);

}  // namespace regreen
