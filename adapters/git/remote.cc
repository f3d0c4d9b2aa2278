#include "adapters/git/remote.h"

#include <algorithm>

#include "daemon/base/hash.h"
#include "daemon/base/http.h"
#include "daemon/base/text.h"

namespace regreen {

bool IsLocal(const GitRemote& remote) {
  return remote.url.starts_with('/');
}

Status CheckRemote(const GitRemote& remote) {
  const bool odd = std::any_of(remote.url.begin(), remote.url.end(),
                               [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (odd) return InvalidArgument("the address of a git remote holds control characters");
  if (IsLocal(remote)) return OkStatus();
  auto url = ParseUrl(remote.url);
  if (!url.ok()) {
    return InvalidArgument(Cat("a git remote must be an http(s) address or an absolute path: ",
                               Message(url.status())));
  }
  return OkStatus();
}

std::string MirrorFolder(const std::string& directory, const std::string& url) {
  return Cat(directory, "/", Sha256Hex(url).substr(0, 32), ".git");
}

}  // namespace regreen
