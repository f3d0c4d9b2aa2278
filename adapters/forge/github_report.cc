#include "adapters/forge/github_report.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "adapters/forge/report_marker.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::int64_t kPageSize = 100;
constexpr std::int64_t kMostPages = 3;

class Teller {
 public:
  Teller(const GithubApi& api, const Report& report, std::stop_token stop)
      : api_(api),
        report_(report),
        stop_(std::move(stop)),
        root_(Cat("/repos/", RepoPath(report.repo))),
        what_(Cat("telling of a failure in ", report.repo)) {}

  StatusOr<std::string> Tell() {
    if (report_.kind == ReportKind::kIssue) return TellByIssue();
    if (report_.pull_request > 0) return TellOnPullRequest();
    return TellOnCommit();
  }

 private:
  StatusOr<std::string> TellByIssue() {
    std::string list = Cat(root_, "/issues?state=all&sort=created&direction=desc");
    // GitHub wants all of them: a label with a comma in its name is not asked for.
    std::string labels;
    for (const std::string& label : report_.labels) {
      if (label.find(',') != std::string::npos) continue;
      Append(labels, labels.empty() ? "&labels=" : ",", PercentEncode(label));
    }
    for (std::int64_t page = 1; page <= kMostPages; ++page) {
      ASSIGN_OR_RETURN(const Page found, Look(list + labels, page));
      if (found.link) return *found.link;
      if (found.last) break;
    }
    JsonWriter body;
    body.BeginObject().Field("title", report_.title).Field("body", MarkedBody(report_));
    body.Field("labels", report_.labels).EndObject();
    return Made(api_.Send("POST", root_ + "/issues", body.Take(), what_, stop_));
  }

  // Oldest first is the only order that GitHub has here, so the last pages are worked out.
  StatusOr<std::string> TellOnPullRequest() {
    const std::string issue = Cat(root_, "/issues/", report_.pull_request);
    ASSIGN_OR_RETURN(const Json known, api_.Get(issue, what_, stop_));
    const std::int64_t last = std::max<std::int64_t>(0, known["comments"].IntOr(0)) / kPageSize + 1;
    for (std::int64_t page = last; page > std::max<std::int64_t>(0, last - kMostPages); --page) {
      ASSIGN_OR_RETURN(const Page found, Look(issue + "/comments", page));
      if (found.link) return *found.link;
    }
    return Comment(issue + "/comments");
  }

  StatusOr<std::string> TellOnCommit() {
    const std::string comments =
        Cat(root_, "/commits/", PercentEncode(report_.commit), "/comments");
    for (std::int64_t page = 1; page <= kMostPages; ++page) {
      ASSIGN_OR_RETURN(const Page found, Look(comments, page));
      if (found.link) return *found.link;
      if (found.last) break;
    }
    return Comment(comments);
  }

  struct Page {
    std::optional<std::string> link;  // of a report that has our marker
    bool last = false;
  };

  StatusOr<Page> Look(const std::string& list, std::int64_t page) {
    const char* joint = list.find('?') == std::string::npos ? "?" : "&";
    ASSIGN_OR_RETURN(
        const Json found,
        api_.GetList(Cat(list, joint, "per_page=", kPageSize, "&page=", page), what_, stop_));
    Page out;
    out.last = static_cast<std::int64_t>(found.size()) < kPageSize;
    for (const Json& element : found.Elements()) {
      if (IsMarkedBy(element["body"].StringOr(""), report_))
        out.link = element["html_url"].StringOr("");
    }
    return out;
  }

  StatusOr<std::string> Comment(const std::string& path) {
    JsonWriter body;
    body.BeginObject().Field("body", MarkedBody(report_)).EndObject();
    return Made(api_.Send("POST", path, body.Take(), what_, stop_));
  }

  StatusOr<std::string> Made(StatusOr<Json> answer) {
    if (!answer.ok()) return answer.status();
    return (*answer)["html_url"].StringOr("");
  }

  const GithubApi& api_;
  const Report& report_;
  const std::stop_token stop_;
  const std::string root_, what_;
};

}  // namespace

StatusOr<std::string> TellGithub(const GithubApi& api, const Report& report, std::stop_token stop) {
  RETURN_IF_ERROR(CheckMarker(report));
  return Teller(api, report, std::move(stop)).Tell();
}

}  // namespace regreen
