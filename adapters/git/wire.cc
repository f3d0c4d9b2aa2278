#include "adapters/git/wire.h"

#include <array>

#include "daemon/base/hash.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

using Operation = GitRequest::Operation;

constexpr std::array<std::pair<Operation, const char*>, 5> kOperations = {
    {{Operation::kFetch, "fetch"},
     {Operation::kBring, "bring"},
     {Operation::kTips, "tips"},
     {Operation::kPush, "push"},
     {Operation::kResolve, "resolve"}}};

// Only codes that the child gives on purpose pass; anything else is a fault of ours.
StatusCode CodeFrom(std::int64_t number) {
  const auto code = static_cast<StatusCode>(number);
  switch (code) {
    case StatusCode::kInvalidArgument:
    case StatusCode::kNotFound:
    case StatusCode::kUnauthenticated:
    case StatusCode::kPermissionDenied:
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kAborted:
    case StatusCode::kResourceExhausted:
    case StatusCode::kFailedPrecondition:
      return code;
    default:
      return StatusCode::kInternal;
  }
}

}  // namespace

std::string EncodeRequest(const GitRequest& request) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [operation, name] : kOperations) {
    if (operation == request.operation) json.Field("operation", name);
  }
  json.Field("url", request.remote.url)
      .Field("user", request.remote.user)
      // Hexadecimal: a password may be any bytes, JSON text may not.
      .Field("password", HexEncode(request.remote.password.Reveal()))
      .Field("proxy", request.remote.proxy)
      .Field("ca_file", request.ca_file)
      .Field("folder", request.folder)
      .Field("refspecs", request.refspecs)
      .Field("ref", request.ref)
      .Field("commit", request.commit)
      .Field("expected", request.expected)
      .EndObject();
  return json.Take();
}

StatusOr<GitRequest> DecodeRequest(std::string_view bytes) {
  ASSIGN_OR_RETURN(const Json json, Json::Parse(bytes));
  GitRequest request;
  const std::string wanted = json["operation"].StringOr("");
  bool known = false;
  for (const auto& [operation, name] : kOperations) {
    if (wanted != name) continue;
    request.operation = operation;
    known = true;
  }
  std::string password;
  if (!known || !HexDecode(json["password"].StringOr(""), &password)) {
    return InvalidArgument("the request to the git child is malformed");
  }
  request.remote = {json["url"].StringOr(""), json["user"].StringOr(""), Secret(password)};
  request.remote.proxy = json["proxy"].StringOr("");
  request.ca_file = json["ca_file"].StringOr("");
  request.folder = json["folder"].StringOr("");
  for (const Json& refspec : json["refspecs"].Elements()) {
    request.refspecs.push_back(refspec.StringOr(""));
  }
  request.ref = json["ref"].StringOr("");
  request.commit = json["commit"].StringOr("");
  request.expected = json["expected"].StringOr("");
  return request;
}

std::string EncodeAnswer(const StatusOr<GitAnswer>& answer) {
  JsonWriter json;
  json.BeginObject();
  if (answer.ok()) {
    json.Field("code", 0);
    if (answer->tip) json.Field("tip", *answer->tip);
    json.Field("name", answer->name).Field("branches", answer->branches);
  } else {
    json.Field("code", static_cast<int>(answer.status().code()));
    json.Field("message", Message(answer.status()));
  }
  json.EndObject();
  return json.Take();
}

StatusOr<GitAnswer> DecodeAnswer(std::string_view bytes) {
  auto json = Json::Parse(bytes);
  if (!json.ok() || !(*json)["code"].IsInt()) {
    return Internal("the git child gave no answer; its program may be wrong");
  }
  const std::int64_t code = (*json)["code"].IntOr(-1);
  if (code != 0) return MakeStatus(CodeFrom(code), (*json)["message"].StringOr("git failed"));
  GitAnswer answer;
  if ((*json)["tip"].IsString()) answer.tip = (*json)["tip"].StringOr("");
  answer.name = (*json)["name"].StringOr("");
  answer.branches = (*json)["branches"].Strings();
  return answer;
}

}  // namespace regreen
