// The CIs that we understand, by the name that the config calls their kind.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"
#include "daemon/ports/ci_source.h"

namespace regreen {

struct CiOptions {
  std::string name;   // in the config: /hooks/<name>
  std::string kind;   // one of CiKinds()
  std::string forge;  // name of the forge that its repositories live on
  Secret secret;
  // generic only, but for what another kind's file says that it takes:
  std::string signature_header;  // HMAC-SHA256 of the body in hex, "sha256=" in front or not
  std::string token_header;      // or the secret itself; jenkins, buildkite and cdevents, too
  std::map<std::string, std::string> map;  // field → JSON pointer ("/a/b") or constant ("=text")
  std::vector<std::string> failed_when;    // conclusions that are failures
  std::vector<std::string> log_url_prefixes;  // a log is fetched only from below one of these
  std::vector<std::string> passed_when;       // conclusions that are green; none: it is never known
  // gitlab only:
  std::vector<Secret> old_secrets;  // still taken while the secret is changed
  const Clock* clock = nullptr;     // outlives the source; nullptr: the system's
};

// What a kind can do, in the words of the README's table.
struct CiSupport {
  const char* kind;
  const char* authentication;
  const char* log;
  const char* rerun;
};

// InvalidArgument with every mistake of the options, one a line.
StatusOr<std::unique_ptr<CiSource>> CreateCiSource(const CiOptions& options);
std::vector<std::string> CiKinds();
std::vector<CiSupport> CiSupports();

}  // namespace regreen
