#include "adapters/forge/gitea_labels.h"

#include <map>
#include <utility>

#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kMostPages = 10;
constexpr char kColour[] = "#2da44e";

}  // namespace

StatusOr<std::vector<std::int64_t>> GiteaLabelIds(const GiteaApi& api, const std::string& repo,
                                                  const std::vector<std::string>& names,
                                                  std::stop_token stop) {
  std::vector<std::int64_t> ids;
  if (names.empty()) return ids;
  const std::string labels = GiteaRepo(repo) + "/labels";
  const std::string what = Cat("finding the labels of ", repo);
  std::map<std::string, std::int64_t> known;
  RETURN_IF_ERROR(api.GetPages(labels, "", kMostPages, what, stop, [&](const Json& label) {
    known.emplace(label["name"].StringOr(""), label["id"].IntOr(0));
    return true;
  }));
  for (const std::string& name : names) {
    if (name.empty()) continue;
    std::int64_t& id = known[name];
    if (id == 0) {
      JsonWriter body;
      body.BeginObject().Field("name", name).Field("color", kColour).EndObject();
      ASSIGN_OR_RETURN(const Json made, api.Send("POST", labels, body.Take(), what, stop));
      id = made["id"].IntOr(0);
    }
    ids.push_back(id);
  }
  return ids;
}

void WriteLabels(const std::vector<std::int64_t>& ids, JsonWriter& body) {
  body.Key("labels").BeginArray();
  for (const std::int64_t id : ids) body.Int(id);
  body.EndArray();
}

}  // namespace regreen
