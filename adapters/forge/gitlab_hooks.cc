#include "adapters/forge/gitlab_hooks.h"

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 3;

// As its webhook tells it; its name is not in the list, and is read with the pipeline itself.
std::string PayloadOf(const Json& pipeline, const std::string& repo) {
  JsonWriter out;
  out.BeginObject().Field("object_kind", "pipeline").Key("object_attributes").BeginObject();
  for (const char* key : {"id", "status", "sha", "ref", "source", "name"}) {
    if (!pipeline[key].IsNull()) out.Key(key).Value(pipeline[key]);
  }
  if (!pipeline["web_url"].IsNull()) out.Key("url").Value(pipeline["web_url"]);
  out.EndObject().Key("project").BeginObject().Field("path_with_namespace", repo).EndObject();
  out.EndObject();
  return out.Take();
}

}  // namespace

StatusOr<std::vector<std::string>> GitlabMissed::Repositories(std::stop_token stop) {
  std::vector<std::string> names;
  RETURN_IF_ERROR(api_.GetPages(
      "/projects?membership=true&archived=false&simple=true&order_by=last_activity_at&per_page=100",
      kMostPages, "listing the projects to be swept", stop, [&](const Json& project) {
        std::string name = project["path_with_namespace"].StringOr("");
        if (check_(name).ok()) names.push_back(std::move(name));
        return true;
      }));
  return names;
}

StatusOr<std::vector<MissedRun>> GitlabMissed::FailedRuns(const std::string& repo, absl::Time since,
                                                          std::stop_token stop) {
  RETURN_IF_ERROR(check_(repo));
  const std::string after = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", since, absl::UTCTimeZone());
  std::vector<MissedRun> missed;
  RETURN_IF_ERROR(api_.GetPages(
      Cat(ProjectPath(repo), "/pipelines?status=failed&updated_after=", PercentEncode(after),
          "&order_by=updated_at&sort=desc&per_page=100"),
      kMostPages, Cat("looking for failed pipelines of ", repo), stop, [&](const Json& pipeline) {
        const std::int64_t id = pipeline["id"].IntOr(0);
        const absl::Time ended = GitlabTime(pipeline["updated_at"]);
        if (id > 0 && ended >= since) {
          missed.push_back({{"", repo, Cat(id), RunKey::kNewest},
                            ended,
                            "Pipeline Hook",
                            PayloadOf(pipeline, repo)});
        }
        return true;
      }));
  return missed;
}

StatusOr<Redelivered> GitlabMissed::Redeliver(const std::string&, const std::vector<std::string>&,
                                              absl::Time, std::stop_token) {
  return Redelivered{};
}

}  // namespace regreen
