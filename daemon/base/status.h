// Errors are absl::Status, and the code is a contract between floors:
//   InvalidArgument     permanent: the input is wrong             NotFound   permanent: it is gone
//   Unauthenticated     a credential is missing or wrong          PermissionDenied  refused by
//   policy Unavailable, DeadlineExceeded, Aborted                        retry with backoff
//   ResourceExhausted   retry, not before RetryAfter() if set
//   FailedPrecondition  fenced: someone else owns the work now; commit nothing
//   Cancelled           shutting down; commit nothing             Internal   our bug
// A message is one sentence that tells a person what happened and what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace regreen {

using absl::Status;
using absl::StatusCode;
using absl::StatusOr;

inline Status OkStatus() {
  return absl::OkStatus();
}
Status MakeStatus(StatusCode code, std::string_view message);
inline Status InvalidArgument(std::string_view m) {
  return MakeStatus(StatusCode::kInvalidArgument, m);
}
inline Status NotFound(std::string_view m) {
  return MakeStatus(StatusCode::kNotFound, m);
}
inline Status AlreadyExists(std::string_view m) {
  return MakeStatus(StatusCode::kAlreadyExists, m);
}
inline Status Unauthenticated(std::string_view m) {
  return MakeStatus(StatusCode::kUnauthenticated, m);
}
inline Status PermissionDenied(std::string_view m) {
  return MakeStatus(StatusCode::kPermissionDenied, m);
}
inline Status Unavailable(std::string_view m) {
  return MakeStatus(StatusCode::kUnavailable, m);
}
inline Status DeadlineExceeded(std::string_view m) {
  return MakeStatus(StatusCode::kDeadlineExceeded, m);
}
inline Status Aborted(std::string_view m) {
  return MakeStatus(StatusCode::kAborted, m);
}
inline Status FailedPrecondition(std::string_view m) {
  return MakeStatus(StatusCode::kFailedPrecondition, m);
}
inline Status Cancelled(std::string_view m) {
  return MakeStatus(StatusCode::kCancelled, m);
}
inline Status Internal(std::string_view m) {
  return MakeStatus(StatusCode::kInternal, m);
}
Status ResourceExhausted(std::string_view m, std::optional<absl::Duration> retry_after = {});

// The message as std::string (absl's own string_view is not std's on Debian 12).
std::string Message(const Status& status);
// The same code, payload and message with "prefix: " in front. OK stays OK.
Status Annotate(const Status& status, std::string_view prefix);
// Unavailable, DeadlineExceeded, Aborted and ResourceExhausted.
bool IsRetryable(const Status& status);
// How long a server asked to be left alone, when it said so.
std::optional<absl::Duration> RetryAfter(const Status& status);

// "No such file or directory" and the like, for errno.
Status ErrnoStatus(int error, std::string_view what);

}  // namespace regreen

#define RG_CONCAT_INNER(a, b) a##b
#define RG_CONCAT(a, b) RG_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expr)              \
  do {                                     \
    ::regreen::Status rg_status = (expr);  \
    if (!rg_status.ok()) return rg_status; \
  } while (false)

#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_IMPL(RG_CONCAT(rg_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL(var, lhs, expr)    \
  auto var = (expr);                             \
  if (!var.ok()) return std::move(var).status(); \
  lhs = std::move(var).value()
