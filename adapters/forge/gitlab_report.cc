#include "adapters/forge/gitlab_report.h"

#include <optional>
#include <utility>

#include "adapters/forge/gitlab_changes.h"
#include "adapters/forge/report_marker.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 3;

class Teller {
 public:
  Teller(const GitlabApi& api, const std::string& site, const Report& report, std::stop_token stop)
      : api_(api),
        report_(report),
        stop_(std::move(stop)),
        root_(ProjectPath(report.repo)),
        site_(Cat(site, "/", report.repo, "/-")),
        what_(Cat("telling of a failure in ", report.repo)) {}

  StatusOr<std::string> Tell() {
    if (report_.kind == ReportKind::kIssue) return TellByIssue();
    if (report_.pull_request > 0) return TellOnMergeRequest();
    return TellOnCommit();
  }

 private:
  StatusOr<std::string> TellByIssue() {
    const std::string issues = root_ + "/issues", labels = LabelText(report_.labels);
    std::string list = issues + "?scope=all&order_by=created_at&sort=desc&per_page=100";
    if (!labels.empty()) Append(list, "&labels=", PercentEncode(labels));
    ASSIGN_OR_RETURN(const std::optional<Json> told, Find(list, "description"));
    if (told) return (*told)["web_url"].StringOr("");
    JsonWriter body;
    body.BeginObject().Field("title", report_.title).Field("description", MarkedBody(report_));
    if (!labels.empty()) body.Field("labels", labels);
    body.EndObject();
    ASSIGN_OR_RETURN(const Json made, api_.Send("POST", issues, body.Take(), what_, stop_));
    return made["web_url"].StringOr("");
  }

  StatusOr<std::string> TellOnMergeRequest() {
    const std::string notes = Cat(root_, "/merge_requests/", report_.pull_request, "/notes");
    ASSIGN_OR_RETURN(std::optional<Json> note,
                     Find(notes + "?order_by=created_at&sort=desc&per_page=100", "body"));
    if (!note) {
      JsonWriter body;
      body.BeginObject().Field("body", MarkedBody(report_)).EndObject();
      ASSIGN_OR_RETURN(note, api_.Send("POST", notes, body.Take(), what_, stop_));
    }
    return Cat(site_, "/merge_requests/", report_.pull_request, "#note_", (*note)["id"].IntOr(0));
  }

  StatusOr<std::string> TellOnCommit() {
    const std::string comments =
        Cat(root_, "/repository/commits/", PercentEncode(report_.commit), "/comments");
    ASSIGN_OR_RETURN(const std::optional<Json> told, Find(comments + "?per_page=100", "note"));
    if (!told) {
      JsonWriter body;
      body.BeginObject().Field("note", MarkedBody(report_)).EndObject();
      RETURN_IF_ERROR(api_.Send("POST", comments, body.Take(), what_, stop_).status());
    }
    return Cat(site_, "/commit/", report_.commit);
  }

  StatusOr<std::optional<Json>> Find(const std::string& list, std::string_view text) {
    std::optional<Json> found;
    RETURN_IF_ERROR(api_.GetPages(list, kMostPages, what_, stop_, [&](const Json& element) {
      if (IsMarkedBy(element[text].StringOr(""), report_)) found = element;
      return !found;
    }));
    return found;
  }

  const GitlabApi& api_;
  const Report& report_;
  const std::stop_token stop_;
  const std::string root_, site_, what_;
};

}  // namespace

StatusOr<std::string> TellGitlab(const GitlabApi& api, const std::string& site,
                                 const Report& report, std::stop_token stop) {
  RETURN_IF_ERROR(CheckMarker(report));
  return Teller(api, site, report, std::move(stop)).Tell();
}

}  // namespace regreen
