// The pull or merge request, and what its forge says of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace regreen {

struct ChangeRequest {
  std::string repo;         // owner/name
  std::string branch;       // ours, pushed already
  std::string target;       // the branch to merge into
  std::string title, body;  // escaped already
  bool draft = false;
  std::vector<std::string> labels;
  std::string commit;  // head of the branch as pushed
  std::string task_id;
};

struct ChangeKey {
  std::string forge, repo;
  std::int64_t number = 0;
};

struct Change {
  std::int64_t number = 0;  // of the forge; the git forge counts its own
  std::string link;         // for people
  bool created = false;     // false: it was there and was updated
};

// What we pushed for a change.
struct ChangeRef {
  std::string branch, target;
  std::string commit;  // head of the branch as we pushed it
};

struct ChangeState {
  enum class Kind { kOpen, kMerged, kClosed, kGone };
  Kind kind = Kind::kOpen;
  std::string head;  // commit of the branch now, "" when not known
};

}  // namespace regreen
