#include "daemon/pipeline/proof.h"

#include "daemon/base/hash.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {

std::string ProofToJson(const Proof& proof) {
  JsonWriter out;
  out.BeginObject();
  out.Field("base_commit", proof.patch.base_commit).Field("digest", proof.patch.digest);
  out.Field("step", proof.step).Field("red_exit_code", proof.red_exit_code);
  out.Field("agent", proof.agent).Field("rounds", proof.rounds);
  out.Key("files").BeginArray();
  for (const FileChange& file : proof.patch.files) {
    out.BeginObject().Field("kind", static_cast<int>(file.kind)).Field("path", file.path);
    out.Field("old_mode", static_cast<int>(file.old_mode))
        .Field("new_mode", static_cast<int>(file.new_mode));
    out.Field("binary", file.binary)
        .Field("added", file.added_lines)
        .Field("removed", file.removed_lines);
    out.EndObject();
  }
  out.EndArray().EndObject();
  return out.Take();
}

StatusOr<Proof> ProofFromJson(std::string_view text, std::string patch_bytes) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(text));
  Proof proof;
  proof.patch.base_commit = json["base_commit"].StringOr("");
  proof.patch.digest = json["digest"].StringOr("");
  proof.patch.bytes = std::move(patch_bytes);
  proof.step = json["step"].StringOr("");
  proof.red_exit_code = static_cast<int>(json["red_exit_code"].IntOr(0));
  proof.agent = json["agent"].StringOr("");
  proof.rounds = static_cast<int>(json["rounds"].IntOr(0));
  for (const Json& file : json["files"].Elements()) {
    const auto number = [&](std::string_view key) { return static_cast<int>(file[key].IntOr(0)); };
    proof.patch.files.push_back(
        {static_cast<FileChange::Kind>(number("kind")), file["path"].StringOr(""),
         static_cast<unsigned>(number("old_mode")), static_cast<unsigned>(number("new_mode")),
         file["binary"].BoolOr(false), number("added"), number("removed")});
  }
  if (PatchDigest(proof.patch.base_commit, proof.patch.bytes) != proof.patch.digest) {
    return InvalidArgument("the stored patch is not the one that was proven: its digest differs");
  }
  return proof;
}

}  // namespace regreen
