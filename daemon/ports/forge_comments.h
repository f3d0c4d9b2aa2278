// Answering people's comments on a forge. Calls block on the network; any thread; safe to repeat.
#pragma once

#include <stop_token>
#include <string>

#include "daemon/base/status.h"
#include "daemon/domain/delivery.h"
#include "daemon/ports/forge_actions.h"

namespace regreen {

// The pull or merge request that a comment is on, as it is now.
struct CommentedChange {
  std::string head_branch, head_commit;
  bool open = false, from_fork = false;
};

enum class Reaction { kDone, kRefused };  // thumbs up; thumbs down

class ForgeComments {
 public:
  virtual ~ForgeComments() = default;
  // Whether the comment's author may push to the repository now, by the forge's own word: write,
  // maintain or admin at GitHub; Developer or more at GitLab.
  virtual StatusOr<bool> MayWrite(const CommentEvent& comment, std::stop_token stop) = 0;
  // Of a comment that is on a change.
  virtual StatusOr<CommentedChange> ReadCommented(const CommentEvent& comment,
                                                  std::stop_token stop) = 0;
  // One that is there already stays as it is.
  virtual Status React(const CommentEvent& comment, Reaction reaction, std::stop_token stop) = 0;
  // A comment below it, found again by its marker ([a-z0-9-]). `body` is escaped already. Answers
  // its link.
  virtual StatusOr<std::string> Reply(const CommentEvent& comment, const std::string& body,
                                      const std::string& marker, std::stop_token stop) = 0;
};

}  // namespace regreen
