// Tells that something below a folder may have changed, by inotify(7). One thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "daemon/base/file.h"
#include "daemon/base/status.h"

namespace regreen {

// Looks at the folder, at the named folders right in it, and at every folder above it: one that is
// renamed, replaced by a link or made anew is seen as well as one that is written to.
class FolderWatch {
 public:
  FolderWatch(std::filesystem::path folder, std::vector<std::string> inner);

  // Watches what is there now. To be called before each reading of the folder, so that what changes
  // during or after it is told of later. An error leaves out what could not be watched.
  Status Arm();
  // Readable when Drain() has something to look at; -1 when the system gives no watch at all.
  int fd() const { return fd_.get(); }
  // Takes the events that are there, without waiting. True when one of them concerns the folder, or
  // when events were lost.
  bool Drain();

 private:
  Status Add(const std::filesystem::path& path, unsigned mask, std::string only,
             std::map<int, std::string>& watches);

  const std::filesystem::path folder_;
  const std::vector<std::string> inner_;
  UniqueFd fd_;
  // By descriptor: the one name that counts there, or "" for all.
  std::map<int, std::string> watches_;
};

}  // namespace regreen
