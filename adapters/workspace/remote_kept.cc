#include "adapters/workspace/remote_kept.h"

#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr std::size_t kMostBytes = 256 << 10;

std::string FileOf(const std::string& folder) {
  return Cat(folder, "/machine");
}

}  // namespace

Status WriteRemoteKept(const std::string& folder, const RemoteKept& kept) {
  JsonWriter out;
  out.BeginObject().Field("task", kept.task).Field("mirror", kept.mirror);
  out.Field("commit", kept.commit).Field("head", kept.head).Field("argv", kept.argv);
  out.Field("page", kept.page).Field("folder", kept.folder).EndObject();
  return WriteFileAtomic(FileOf(folder), out.Take(), 0600);
}

std::optional<RemoteKept> ReadRemoteKept(const std::string& folder) {
  const auto text = ReadFile(FileOf(folder), kMostBytes);
  if (!text.ok()) return std::nullopt;
  const auto json = Json::Parse(*text);
  if (!json.ok()) return std::nullopt;
  RemoteKept kept;
  kept.task = (*json)["task"].StringOr("");
  kept.mirror = (*json)["mirror"].StringOr("");
  kept.commit = (*json)["commit"].StringOr("");
  kept.head = (*json)["head"].StringOr("");
  for (std::size_t i = 0; i < (*json)["argv"].size(); ++i)
    kept.argv.push_back((*json)["argv"][i].StringOr(""));
  kept.page = (*json)["page"].StringOr("");
  kept.folder = (*json)["folder"].StringOr("");
  return kept;
}

}  // namespace regreen
