#include "adapters/forge/github_hooks.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 3, kPageSize = 100;
constexpr int kMostTries = 3;   // of one delivery, the first one left out
constexpr int kMostAsked = 50;  // in one sweep
// A run is listed by when it was made; its last attempt may be of later.
constexpr absl::Duration kLongestRun = absl::Hours(24);
constexpr absl::Duration kOldest = absl::Hours(24 * 3);  // GitHub sends nothing again after that

absl::Time TimeOf(const Json& value) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, value.StringOr(""), &time, &error)
             ? time
             : absl::InfinitePast();
}

// What comes after `?` or `&` of the address that is the next page's, "" for none.
// `Link: <https://…/deliveries?per_page=100&cursor=v1_1>; rel="next", <…>; rel="prev"`.
std::string NextCursor(std::string_view link) {
  for (const std::string_view part : Split(link, ',')) {
    if (part.find("rel=\"next\"") == std::string_view::npos) continue;
    const std::size_t at = part.find("cursor=");
    if (at == std::string_view::npos) return "";
    const std::string_view rest = part.substr(at + 7);
    return std::string(rest.substr(0, rest.find_first_of("&>")));
  }
  return "";
}

bool IsOfUse(std::string_view event) {
  constexpr std::string_view kEvents[] = {"workflow_run", "pull_request", "issue_comment",
                                          "pull_request_review_comment"};
  return std::find(std::begin(kEvents), std::end(kEvents), event) != std::end(kEvents);
}

// All tries of one delivery, which share its GUID.
struct Tries {
  std::int64_t id = 0;  // of the newest
  int count = 0;
  bool arrived = false;
};

class Redeliverer {
 public:
  Redeliverer(const GithubApi& api, std::string root, std::string what, absl::Time since,
              std::stop_token stop)
      : api_(api),
        root_(std::move(root)),
        what_(std::move(what)),
        since_(std::max(since, api.clock().Now() - kOldest)),
        stop_(std::move(stop)) {}

  Status Run(Redelivered& out) {
    RETURN_IF_ERROR(List());
    for (const auto& [guid, tries] : deliveries_) {
      if (tries.arrived) continue;
      if (tries.count > kMostTries) {
        ++out.given_up;
        continue;
      }
      if (out.asked == kMostAsked) break;
      const Status sent =
          api_.Send("POST", Cat(root_, "/", tries.id, "/attempts"), "", what_, stop_).status();
      // One that is too old or being sent is left alone.
      if (IsRetryable(sent) || sent.code() == StatusCode::kCancelled) return sent;
      if (sent.ok()) ++out.asked;
    }
    return OkStatus();
  }

 private:
  Status List() {
    std::string cursor;
    for (int page = 0; page < kMostPages; ++page) {
      const auto answer = api_.Fetch(api_.Prepare(Cat(root_, "?per_page=", kPageSize,
                                                      cursor.empty() ? "" : "&cursor=", cursor)),
                                     stop_);
      if (!answer.ok()) return Annotate(answer.status(), what_);
      RETURN_IF_ERROR(api_.ErrorOf(*answer, what_));
      const auto list = Json::Parse(answer->body);
      if (!list.ok()) return Unavailable(Cat(what_, ": GitHub's answer is no JSON"));
      for (const Json& one : list->Elements()) {
        if (TimeOf(one["delivered_at"]) < since_) return OkStatus();  // the newest come first
        Note(one);
      }
      cursor = NextCursor(HeaderValue(answer->headers, "link"));
      if (cursor.empty()) break;
    }
    return OkStatus();
  }

  void Note(const Json& one) {
    const std::string guid = one["guid"].StringOr("");
    if (guid.empty() || !IsOfUse(one["event"].StringOr(""))) return;
    Tries& tries = deliveries_[guid];
    ++tries.count;
    if (tries.id == 0) tries.id = one["id"].IntOr(0);
    const std::int64_t status = one["status_code"].IntOr(0);
    tries.arrived = tries.arrived || (status >= 200 && status < 300);
  }

  const GithubApi& api_;
  const std::string root_, what_;
  const absl::Time since_;
  const std::stop_token stop_;
  std::map<std::string, Tries> deliveries_;
};

std::string PayloadOf(const Json& run, const std::string& repo) {
  JsonWriter out;
  out.BeginObject().Field("action", "completed").Key("workflow_run").Value(run);
  out.Key("repository").BeginObject().Field("full_name", repo).EndObject().EndObject();
  return out.Take();
}

// The full names of a list of repositories, page after page.
Status ReadNames(const GithubApi& api, const std::string& path, std::string_view member,
                 std::stop_token stop, std::vector<std::string>& names) {
  for (int page = 1; page <= kMostPages; ++page) {
    ASSIGN_OR_RETURN(const Json answer, api.Get(Cat(path, "?per_page=", kPageSize, "&page=", page),
                                                "listing the repositories to be swept", stop));
    const Json list = member.empty() ? answer : answer[member];
    for (const Json& repo : list.Elements()) names.push_back(repo["full_name"].StringOr(""));
    if (static_cast<int>(list.size()) < kPageSize) break;
  }
  return OkStatus();
}

}  // namespace

StatusOr<std::vector<std::string>> GithubMissed::Repositories(std::stop_token stop) {
  std::vector<std::string> names;
  if (!access_.as_app) {
    RETURN_IF_ERROR(ReadNames(access_.with_token(access_.token, ""), "/user/repos", "", stop, names));
  } else {
    ASSIGN_OR_RETURN(const GithubApi app, access_.as_app());
    ASSIGN_OR_RETURN(const Json installations,
                     app.Get(Cat("/app/installations?per_page=", kPageSize),
                             "listing the app's installations", stop));
    for (const Json& one : installations.Elements()) {
      if (!one["suspended_at"].IsNull()) continue;
      const std::string installation = Cat(one["id"].IntOr(0));
      ASSIGN_OR_RETURN(
          const Json token,
          app.Send("POST", Cat("/app/installations/", installation, "/access_tokens"),
                   R"({"permissions":{"metadata":"read"}})",
                   "asking for a token of an installation", stop));
      RETURN_IF_ERROR(ReadNames(access_.with_token(Secret(token["token"].StringOr("")), installation),
                                "/installation/repositories", "repositories", stop, names));
    }
  }
  std::erase_if(names, [&](const std::string& name) { return !access_.may_work_on(name); });
  return names;
}

StatusOr<std::vector<MissedRun>> GithubMissed::FailedRuns(const std::string& repo, absl::Time since,
                                                          std::stop_token stop) {
  ASSIGN_OR_RETURN(const GithubApi api, access_.for_repo(repo, stop));
  const std::string created =
      absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", since - kLongestRun, absl::UTCTimeZone());
  std::vector<MissedRun> missed;
  for (const char* conclusion : {"failure", "timed_out"}) {
    for (int page = 1; page <= kMostPages; ++page) {
      ASSIGN_OR_RETURN(const Json answer,
                       api.Get(Cat("/repos/", RepoPath(repo), "/actions/runs?status=", conclusion,
                                   "&created=", PercentEncode(">=" + created),
                                   "&per_page=", kPageSize, "&page=", page),
                               Cat("looking for failed runs of ", repo), stop));
      const Json runs = answer["workflow_runs"];
      for (const Json& run : runs.Elements()) {
        const absl::Time ended = TimeOf(run["updated_at"]);
        const std::int64_t id = run["id"].IntOr(0), attempt = run["run_attempt"].IntOr(1);
        if (ended < since || id <= 0 || attempt < 1 || attempt > 100'000) continue;
        missed.push_back({{"", repo, Cat(id), static_cast<int>(attempt)},
                          ended,
                          "workflow_run",
                          PayloadOf(run, repo)});
      }
      if (static_cast<int>(runs.size()) < kPageSize) break;
    }
  }
  std::sort(missed.begin(), missed.end(),
            [](const MissedRun& a, const MissedRun& b) { return a.ended > b.ended; });
  return missed;
}

StatusOr<Redelivered> GithubMissed::Redeliver(const std::string& repo,
                                              const std::vector<std::string>& paths,
                                              absl::Time since, std::stop_token stop) {
  Redelivered out;
  if (repo.empty()) {
    if (!access_.as_app) return out;
    ASSIGN_OR_RETURN(const GithubApi app, access_.as_app());
    RETURN_IF_ERROR(Redeliverer(app, "/app/hook/deliveries", "reading the app's deliveries", since,
                                std::move(stop))
                        .Run(out));
    return out;
  }
  if (access_.as_app) return out;  // the app's own hook tells of all its repositories
  ASSIGN_OR_RETURN(const GithubApi api, access_.for_repo(repo, stop));
  const std::string what = Cat("reading the webhooks of ", repo);
  const std::string hooks = Cat("/repos/", RepoPath(repo), "/hooks");
  const auto list = api.Get(hooks + "?per_page=100", what, stop);
  if (list.status().code() == StatusCode::kPermissionDenied ||
      list.status().code() == StatusCode::kNotFound) {
    out.refused = Message(list.status());
    return out;
  }
  RETURN_IF_ERROR(list.status());
  for (const Json& hook : list->Elements()) {
    const std::string url = hook["config"]["url"].StringOr("");
    if (!hook["active"].BoolOr(false) ||
        std::none_of(paths.begin(), paths.end(),
                     [&](const std::string& path) { return url.ends_with(path); }))
      continue;
    RETURN_IF_ERROR(
        Redeliverer(api, Cat(hooks, "/", hook["id"].IntOr(0), "/deliveries"), what, since, stop)
            .Run(out));
  }
  return out;
}

}  // namespace regreen
