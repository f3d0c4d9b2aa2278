#include "adapters/forge/client/endpoint.h"

#include <algorithm>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostParts = 10;

// Sorted. A word that is missing is an {id} in the metrics, and no more.
constexpr std::string_view kWords[] = {
    "access_tokens", "actions",
    "annotations",   "api",
    "app",           "approvals",
    "assignees",     "attempts",
    "awardable",     "branches",
    "bridges",       "check-runs",
    "check-suites",  "comments",
    "commits",       "compare",
    "contents",      "deliveries",
    "discussions",   "events",
    "files",         "git",
    "graphql",       "hook",
    "hooks",         "installation",
    "installations", "issues",
    "jobs",          "labels",
    "logs",          "members",
    "merge",         "merge_requests",
    "notes",         "orgs",
    "permission",    "pipelines",
    "play",          "protected_branches",
    "pulls",         "reactions",
    "rebase",        "ref",
    "refs",          "replies",
    "repository",    "requested_reviewers",
    "rerun",         "rerun-failed-jobs",
    "resolve",       "retry",
    "reviews",       "runs",
    "search",        "statuses",
    "status",        "tasks",
    "teams",         "test_report",
    "trace",         "update-branch",
    "user",          "users",
    "version",       "workflows",
};

bool IsWord(std::string_view part) {
  return std::find(std::begin(kWords), std::end(kWords), part) != std::end(kWords);
}

}  // namespace

std::string EndpointOf(std::string_view path) {
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/')) return "other";
  const auto parts = Split(path.substr(1), '/');
  if (parts.size() > kMostParts) return "other";
  std::string out;
  std::size_t from = 0;
  // GitLab's own name of a repository is one part, encoded; a branch may have a word's name.
  if (parts[0] == "repos" && parts.size() >= 3) {
    out = "/repos/{repo}";
    from = 3;
  } else if (parts[0] == "projects" && parts.size() >= 2) {
    out = "/projects/{repo}";
    from = 2;
  }
  for (std::size_t i = from; i < parts.size(); ++i)
    Append(out, "/", IsWord(parts[i]) ? parts[i] : "{id}");
  return out;
}

}  // namespace regreen
