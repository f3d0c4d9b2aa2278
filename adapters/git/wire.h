// What the daemon asks the child that talks to remotes, and what it answers: one JSON object each
// way, over the child's standard input and output.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/ports/forge.h"

namespace regreen {

struct GitRequest {
  // kBring fetches what is needed to have `commit`, and no more: see the child.
  enum class Operation { kFetch, kBring, kTips, kPush, kResolve };
  Operation operation = Operation::kTips;
  GitRemote remote;
  std::string ca_file;
  std::string folder;                 // kFetch, kBring, kPush: the bare repository
  std::vector<std::string> refspecs;  // kFetch; kResolve: names in full, the first that is there
  std::string ref;                    // kTips, kPush: a full name
  std::string commit;  // kBring, kPush; kResolve: or this one, when there are no names
  std::string expected;               // kPush: the tip that may be replaced, "" for none
};

struct GitAnswer {
  std::optional<std::string> tip;     // kTips, kResolve: nullopt when the remote has no such ref
  std::string name;                   // kResolve: of the ref
  std::vector<std::string> branches;  // kResolve: whose tip it is, without refs/heads/
};

std::string EncodeRequest(const GitRequest& request);
StatusOr<GitRequest> DecodeRequest(std::string_view bytes);
std::string EncodeAnswer(const StatusOr<GitAnswer>& answer);
// The child's own error is the error.
StatusOr<GitAnswer> DecodeAnswer(std::string_view bytes);

}  // namespace regreen
