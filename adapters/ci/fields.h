// What a stranger's field must look like before it is taken for a repository, a commit, a branch or
// a run. Every check is a whitelist with a cap; errors name the field and never repeat more than a
// piece of the value, escaped.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/http.h"
#include "daemon/base/json.h"
#include "daemon/base/secret.h"
#include "daemon/base/status.h"
#include "daemon/domain/delivery.h"

namespace regreen {

// owner/name, with deeper groups where `groups` is set.
Status CheckRepo(std::string_view repo, bool groups);
Status CheckCommit(std::string_view commit);  // 40 or 64 lower-case hex digits
Status CheckBranch(
    std::string_view branch);  // git-check-ref-format(1), at most 255 bytes; "" is allowed
Status CheckRunId(std::string_view run_id);  // letters, digits and ._:/- , at most 200
StatusOr<int> CheckAttempt(std::int64_t attempt);

// Its numbers are positive, and its author's login is of letters, digits and ._- (a user's), at
// most 128.
Status CheckComment(const CommentEvent& comment);

// A name for people: valid UTF-8, capped.
std::string NameText(std::string_view text);
// A link for people: http or https, else "".
std::string LinkText(std::string_view url);
// The platform's idempotency key: letters, digits and ._:- , at most 128; "" when it is another
// thing.
std::string KeyText(std::string_view key);

// Members of payloads. InvalidArgument names `what` when the type is wrong; Optional takes absent
// and null for "".
StatusOr<std::string> RequiredText(const Json& value, std::string_view what);
StatusOr<std::string> OptionalText(const Json& value, std::string_view what);
StatusOr<std::int64_t> RequiredInt(const Json& value, std::string_view what);

// The owner/name that a clone URL leads to, by https, ssh, or as git@host:owner/name.git.
// InvalidArgument when it leads to none.
StatusOr<std::string> RepoOfCloneUrl(std::string_view url);

// Unauthenticated unless the header holds the secret; in Authorization it may stand behind
// "Bearer ", or be the password of "Basic ", whose user does not matter. Constant time.
Status CheckToken(const Secret& secret, const Headers& headers, std::string_view lower_name);

// Unauthenticated unless `hex` is the HMAC-SHA256 of the body under the secret. Constant time.
Status CheckHmac(std::string_view secret, std::string_view hex, std::string_view body);

}  // namespace regreen
