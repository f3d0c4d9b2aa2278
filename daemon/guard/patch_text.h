// The bytes of a patch, read line by line in one pass. The form is that of `git diff --binary
// --full-index` without renames (git-diff(1), "Generating patch text with -p"); hunk lines are
// counted by the hunk's header, so that content which looks like a header is content.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/status.h"
#include "daemon/domain/patch.h"

namespace regreen {

struct ChangedLine {
  bool added = false;     // else removed
  int number = 0;         // from 1: in the new file when added, in the old one when removed
  int block = 0;          // lines of one block stand side by side, without a line that stays
  std::string_view text;  // without its line break; into the patch's bytes
};

struct FileText {
  std::string path;  // unquoted
  FileChange::Kind kind = FileChange::Kind::kModified;
  unsigned old_mode = 0, new_mode = 0;  // 0 where the file is not, or the patch does not say
  bool binary = false;
  std::vector<ChangedLine> lines;
};

// The views live as long as `bytes`. InvalidArgument names the line of the patch that is not
// understood.
StatusOr<std::vector<FileText>> ReadPatchText(std::string_view bytes);

}  // namespace regreen
