// The addresses of a forge, as the configuration gives them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/http.h"

namespace regreen {

// The base of further addresses, without a slash at its end. Notes a problem when a token must not
// be sent there: only this machine itself is called without TLS.
std::string BaseUrl(const std::string& text, std::string_view option,
                    std::vector<std::string>& problems);

// Whether a repository's name is plain in every part (letters, digits and _.-), so that it can be a
// part of clone URLs and API paths. `groups`: two parts or more, otherwise exactly two.
bool IsPlainRepoName(std::string_view repo, bool groups);

// OK when the name is plain and fits a glob of the forge's repos; else PermissionDenied.
Status CheckRepoNamed(std::string_view repo, bool groups, const std::vector<std::string>& globs);

// A commit's id, of SHA-1 or SHA-256.
bool IsCommitId(std::string_view text);
// The number of a run, a pipeline or a job.
bool IsNumericId(std::string_view text);

}  // namespace regreen
