// A patch is bytes of a diff on a base commit, with a digest: the only thing that leaves a
// workspace, beside a report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace regreen {

struct FileChange {
  enum class Kind { kAdded, kModified, kDeleted };
  Kind kind = Kind::kModified;
  std::string path;       // relative, '/' between parts; untrusted bytes
  unsigned old_mode = 0;  // git modes: 0100644, 0100755, 0120000 (link), 0160000 (submodule)
  unsigned new_mode = 0;
  bool binary = false;
  int added_lines = 0, removed_lines = 0;
};

struct Patch {
  std::string base_commit;
  std::string bytes;   // `git diff --binary --full-index` form
  std::string digest;  // hex of SHA-256 of base_commit + '\n' + bytes
  std::vector<FileChange> files;
  bool empty() const { return bytes.empty(); }
};

std::string PatchDigest(std::string_view base_commit, std::string_view bytes);

enum class Severity {
  kRefuse,  // the patch goes no further
  kDraft,   // a person must look: the change is opened as a draft, whatever the stage
};
std::string_view ToString(Severity severity);  // "refuse", "draft"

struct Finding {
  std::string rule;  // "paths", "max_files", "mode", …
  std::string file;  // "" when it is about the whole patch
  int line = 0;      // in the new file, or in the old one where something was taken out; 0: none
  std::string reason;  // a sentence
  Severity severity = Severity::kRefuse;
};

// What the guard says of a patch, with every reason.
struct Verdict {
  bool allowed = false;       // nothing refuses it
  bool needs_person = false;  // something asks for a person's look
  std::vector<Finding> findings;
};

}  // namespace regreen
