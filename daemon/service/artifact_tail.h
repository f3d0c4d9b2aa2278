// What is added to a task's artifacts while it works, for those who watch. The store is asked, so
// that it does not matter which process works.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/ports/store.h"

namespace regreen {

// For one thread.
class ArtifactTail {
 public:
  using Wanted = std::function<bool(std::string_view name)>;
  // `records` outlives it.
  ArtifactTail(Records& records, std::string task_id, Wanted wanted)
      : records_(records), task_id_(std::move(task_id)), wanted_(std::move(wanted)) {}

  struct Piece {
    std::string name, text;
    bool anew = false;  // what was there before is there no more: `text` is the whole
  };
  // What was added since it was asked last, in the order of the artifacts.
  StatusOr<std::vector<Piece>> Next();

 private:
  struct Seen {
    std::int64_t version = 0;
    std::size_t bytes = 0;
    std::string digest;  // of them; "" when they came in pieces
  };
  StatusOr<Piece> ReadMore(const ArtifactRow& row, Seen& seen);
  StatusOr<Piece> ReadWhole(const ArtifactRow& row, bool first, Seen& seen);
  Records& records_;
  const std::string task_id_;
  const Wanted wanted_;
  std::map<std::string, Seen> seen_;
};

}  // namespace regreen
