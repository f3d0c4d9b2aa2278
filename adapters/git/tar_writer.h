// A tar stream of what the trusted side knows, for a workspace that shares no disk with it.
//
// Source: the GNU tar manual, "Basic Tar Format": ustar headers, and GNU's entries `L` and `K` for
// names that do not fit. Every tar that is in use reads these, BusyBox's too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/base/status.h"

namespace regreen {

// One thread. Paths are relative, and checked by the caller.
class TarWriter {
 public:
  // The descriptor is borrowed. Every entry gets the time `mtime`, seconds since the epoch.
  TarWriter(int file, std::int64_t mtime) : file_(file), mtime_(mtime) {}

  Status AddFile(std::string_view path, unsigned mode, std::string_view bytes);
  // What is in a file of ours, from its beginning.
  Status AddFileFrom(std::string_view path, unsigned mode, const std::string& source);
  Status AddLink(std::string_view path, std::string_view target);
  Status AddFolder(std::string_view path);
  // Nothing may be added afterwards.
  Status End();

 private:
  Status Header(std::string_view path, std::string_view target, char type, unsigned mode,
                std::uint64_t size);
  Status LongName(std::string_view name, char type);
  Status Pad(std::uint64_t size);
  Status Put(std::string_view bytes);
  Status Flush();

  const int file_;
  const std::int64_t mtime_;
  std::string buffer_;
};

}  // namespace regreen
