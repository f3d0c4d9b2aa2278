#include "adapters/forge/gitea_report.h"

#include <optional>
#include <utility>

#include "adapters/forge/gitea_labels.h"
#include "adapters/forge/report_marker.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostIssuePages = 3;
constexpr int kMostCommentPages = 100;  // in one answer as a rule, the oldest first

class Teller {
 public:
  Teller(const GiteaApi& api, const Report& report, std::stop_token stop)
      : api_(api),
        report_(report),
        stop_(std::move(stop)),
        root_(GiteaRepo(report.repo)),
        what_(Cat("telling of a failure in ", report.repo)) {}

  StatusOr<std::string> Tell() {
    if (report_.kind == ReportKind::kIssue) return TellByIssue();
    if (report_.pull_request > 0) return TellOnPullRequest();
    return FailedPrecondition(
        Cat(what_,
            ": Gitea and Forgejo have no comments on commits; let the template say "
            "report = \"issue\""));
  }

 private:
  StatusOr<std::string> TellByIssue() {
    const std::string issues = root_ + "/issues";
    ASSIGN_OR_RETURN(const std::optional<Json> told,
                     Find(issues + "?state=all&type=issues", kMostIssuePages));
    if (told) return (*told)["html_url"].StringOr("");
    ASSIGN_OR_RETURN(const std::vector<std::int64_t> labels,
                     GiteaLabelIds(api_, report_.repo, report_.labels, stop_));
    JsonWriter body;
    body.BeginObject().Field("title", report_.title).Field("body", MarkedBody(report_));
    WriteLabels(labels, body);
    body.EndObject();
    return Make(issues, body.Take());
  }

  StatusOr<std::string> TellOnPullRequest() {
    const std::string comments = Cat(root_, "/issues/", report_.pull_request, "/comments");
    ASSIGN_OR_RETURN(const std::optional<Json> told, Find(comments, kMostCommentPages));
    if (told) return (*told)["html_url"].StringOr("");
    JsonWriter body;
    body.BeginObject().Field("body", MarkedBody(report_)).EndObject();
    return Make(comments, body.Take());
  }

  StatusOr<std::optional<Json>> Find(const std::string& list, int most_pages) {
    std::optional<Json> found;
    RETURN_IF_ERROR(api_.GetPages(list, "", most_pages, what_, stop_, [&](const Json& element) {
      if (IsMarkedBy(element["body"].StringOr(""), report_)) found = element;
      return !found;
    }));
    return found;
  }

  StatusOr<std::string> Make(const std::string& path, std::string body) {
    ASSIGN_OR_RETURN(const Json made, api_.Send("POST", path, std::move(body), what_, stop_));
    return made["html_url"].StringOr("");
  }

  const GiteaApi& api_;
  const Report& report_;
  const std::stop_token stop_;
  const std::string root_, what_;
};

}  // namespace

StatusOr<std::string> TellGitea(const GiteaApi& api, const Report& report, std::stop_token stop) {
  RETURN_IF_ERROR(CheckMarker(report));
  return Teller(api, report, std::move(stop)).Tell();
}

}  // namespace regreen
