#include "adapters/ci/fields.h"

#include <algorithm>
#include <limits>

#include "daemon/base/hash.h"
#include "daemon/base/http.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxRepo = 200, kMaxBranch = 255, kMaxRunId = 200, kMaxName = 255,
                      kMaxKey = 128;
constexpr std::int64_t kMaxAttempt = 100'000;

bool IsAlphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool AllOf(std::string_view text, std::string_view besides) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return IsAlphanumeric(c) || besides.find(c) != std::string_view::npos;
  });
}

std::string Shown(std::string_view text) {
  return Cat("\"", EscapeControl(Truncate(text, 80)), "\"");
}

}  // namespace

Status CheckRepo(std::string_view repo, bool groups) {
  const auto parts = Split(repo, '/');
  const bool good = repo.size() <= kMaxRepo && parts.size() >= 2 && (groups || parts.size() == 2) &&
                    std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
                      return !part.empty() && part != "." && part != ".." && AllOf(part, "_.-");
                    });
  if (good) return OkStatus();
  return InvalidArgument(Cat("the repository ", Shown(repo), " is not of the form owner/name"));
}

Status CheckCommit(std::string_view commit) {
  const bool good = (commit.size() == 40 || commit.size() == 64) &&
                    commit.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (good) return OkStatus();
  return InvalidArgument(
      Cat("the commit ", Shown(commit), " is not 40 or 64 lower-case hex digits"));
}

Status CheckBranch(std::string_view branch) {
  const bool byte_rules = std::none_of(branch.begin(), branch.end(), [](unsigned char c) {
    return c <= 0x20 || c == 0x7f ||
           std::string_view("~^:?*[\\").find(static_cast<char>(c)) != std::string_view::npos;
  });
  bool good = branch.size() <= kMaxBranch && byte_rules && branch != "@" &&
              !branch.starts_with('-') && branch.find("..") == std::string_view::npos &&
              branch.find("@{") == std::string_view::npos;
  if (good && !branch.empty()) {
    for (std::string_view part : Split(branch, '/')) {
      if (part.empty() || part.front() == '.' || part.back() == '.' || part.ends_with(".lock"))
        good = false;
    }
  }
  if (good && ToValidUtf8(branch) == branch) return OkStatus();
  return InvalidArgument(Cat("the branch ", Shown(branch), " is not a name that git allows"));
}

Status CheckRunId(std::string_view run_id) {
  if (!run_id.empty() && run_id.size() <= kMaxRunId && AllOf(run_id, "._:/-")) return OkStatus();
  return InvalidArgument(
      Cat("the run id ", Shown(run_id), " is empty, too long, or holds an odd character"));
}

StatusOr<int> CheckAttempt(std::int64_t attempt) {
  if (attempt >= 1 && attempt <= kMaxAttempt) return static_cast<int>(attempt);
  return InvalidArgument(
      Cat("the run's attempt ", attempt, " is not a number from 1 to ", kMaxAttempt));
}

std::string NameText(std::string_view text) {
  return Truncate(ToValidUtf8(text), kMaxName);
}

Status CheckComment(const CommentEvent& comment) {
  if (comment.number <= 0 || comment.number > std::numeric_limits<int>::max() || comment.id <= 0 ||
      comment.author_id <= 0)
    return InvalidArgument("a number of the payload's comment is not positive, or too large");
  if (comment.author.empty() || comment.author.size() > kMaxKey || !AllOf(comment.author, "._-"))
    return InvalidArgument("the login of the payload's comment is none");
  return OkStatus();
}

std::string LinkText(std::string_view url) {
  return ParseUrl(url).ok() ? std::string(url) : "";
}

std::string KeyText(std::string_view key) {
  return key.size() <= kMaxKey && AllOf(key, "._:-") ? std::string(key) : "";
}

StatusOr<std::string> RequiredText(const Json& value, std::string_view what) {
  const auto text = value.String();
  if (!text.ok())
    return InvalidArgument(Cat("the payload's ", what, " is missing or is no string"));
  return std::string(*text);
}

StatusOr<std::string> OptionalText(const Json& value, std::string_view what) {
  if (value.IsNull()) return std::string();
  return RequiredText(value, what);
}

StatusOr<std::int64_t> RequiredInt(const Json& value, std::string_view what) {
  const auto number = value.Int();
  if (!number.ok())
    return InvalidArgument(Cat("the payload's ", what, " is missing or is no whole number"));
  return *number;
}

StatusOr<std::string> RepoOfCloneUrl(std::string_view url) {
  std::string_view path = url;
  if (const std::size_t scheme = path.find("://"); scheme != std::string_view::npos) {
    path.remove_prefix(scheme + 3);
    path.remove_prefix(std::min(path.find('/'), path.size()));
  } else if (const std::size_t colon = path.find(':'); colon != std::string_view::npos) {
    path.remove_prefix(colon + 1);
  } else {
    return InvalidArgument(Cat("the repository's address ", Shown(url), " is no clone URL"));
  }
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  RETURN_IF_ERROR(CheckRepo(path, true));
  return std::string(path);
}

Status CheckToken(const Secret& secret, const Headers& headers, std::string_view lower_name) {
  std::string_view token = HeaderValue(headers, lower_name);
  std::string basic;
  if (lower_name == "authorization" && token.starts_with("Bearer ")) token.remove_prefix(7);
  if (lower_name == "authorization" && token.starts_with("Basic ")) {
    const bool decoded = Base64Decode(token.substr(6), &basic);
    const std::size_t colon = basic.find(':');
    token = decoded && colon != std::string::npos ? std::string_view(basic).substr(colon + 1) : "";
  }
  // Digests have one length, so that the time does not tell the secret's.
  if (secret.empty() || token.empty() ||
      !ConstantTimeEquals(Sha256(token), Sha256(secret.Reveal()))) {
    return Unauthenticated(Cat("The header ", lower_name, " does not hold this webhook's secret."));
  }
  return OkStatus();
}

Status CheckHmac(std::string_view secret, std::string_view hex, std::string_view body) {
  std::string given;
  // An empty secret would make a signature that anyone can make.
  if (secret.empty() || !HexDecode(hex, &given) ||
      !ConstantTimeEquals(given, HmacSha256(secret, body))) {
    return Unauthenticated(
        "The signature does not fit the body: check that both sides have the same secret.");
  }
  return OkStatus();
}

}  // namespace regreen
