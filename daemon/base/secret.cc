#include "daemon/base/secret.h"

#include <cstdlib>

#include "daemon/base/file.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxSecretBytes = 64 << 10;

StatusOr<std::string> ReadReference(std::string_view kind, const std::string& what) {
  if (kind == "env") {
    const char* value = std::getenv(what.c_str());
    if (value == nullptr) return NotFound(Cat("environment variable ", what, " is not set"));
    return std::string(value);
  }
  if (kind == "file") return ReadFile(what, kMaxSecretBytes);
  // systemd: LoadCredential= puts files into a folder that only the service can read.
  const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
  if (folder == nullptr) {
    return NotFound(Cat("credential ", what,
                        " is not there: the service was not started with LoadCredential="));
  }
  if (what.find('/') != std::string::npos) return InvalidArgument("a credential's name has no '/'");
  return ReadFile(Cat(folder, "/", what), kMaxSecretBytes);
}

}  // namespace

StatusOr<Secret> ResolveSecret(std::string_view reference) {
  const std::size_t colon = reference.find(':');
  const std::string_view kind = reference.substr(0, colon);
  if (colon == std::string_view::npos ||
      (kind != "file" && kind != "env" && kind != "credential")) {
    // The reference itself is not shown: someone may have put the secret there.
    return InvalidArgument(
        "a secret is given as \"file:PATH\", \"env:NAME\" or \"credential:NAME\", not as itself");
  }
  auto value = ReadReference(kind, std::string(reference.substr(colon + 1)));
  if (!value.ok()) return Annotate(value.status(), "secret");
  if (value->ends_with('\n')) value->pop_back();
  if (value->ends_with('\r')) value->pop_back();
  if (value->empty()) return NotFound(Cat("secret ", reference, " is empty"));
  return Secret(*std::move(value));
}

}  // namespace regreen
