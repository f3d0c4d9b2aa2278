#include "daemon/base/status.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/cord.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {
constexpr char kRetryAfterUrl[] = "regreen/retry-after-ms";
}

Status MakeStatus(StatusCode code, std::string_view message) {
  return Status(code, absl::string_view(message.data(), message.size()));
}

Status ResourceExhausted(std::string_view m, std::optional<absl::Duration> retry_after) {
  Status status = MakeStatus(StatusCode::kResourceExhausted, m);
  if (retry_after) {
    status.SetPayload(kRetryAfterUrl,
                      absl::Cord(std::to_string(absl::ToInt64Milliseconds(*retry_after))));
  }
  return status;
}

std::string Message(const Status& status) {
  return std::string(status.message());
}

Status Annotate(const Status& status, std::string_view prefix) {
  if (status.ok()) return status;
  Status annotated = MakeStatus(status.code(), Cat(prefix, ": ", Message(status)));
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) {
    annotated.SetPayload(url, payload);
  });
  return annotated;
}

bool IsRetryable(const Status& status) {
  switch (status.code()) {
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

std::optional<absl::Duration> RetryAfter(const Status& status) {
  auto payload = status.GetPayload(kRetryAfterUrl);
  if (!payload) return std::nullopt;
  return absl::Milliseconds(std::stoll(std::string(*payload)));
}

Status ErrnoStatus(int error, std::string_view what) {
  const std::string message = Cat(what, ": ", std::generic_category().message(error));
  switch (error) {
    case ENOENT:
      return NotFound(message);
    case EEXIST:
      return AlreadyExists(message);
    case EACCES:
    case EPERM:
      return PermissionDenied(message);
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ResourceExhausted(message);
    case EAGAIN:
    case EINTR:
    case ECONNREFUSED:
    case ECONNRESET:
      return Unavailable(message);
    default:
      return Internal(message);
  }
}

}  // namespace regreen
