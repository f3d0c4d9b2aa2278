// A task that a person starts.
#include "daemon/app/api_client.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/app/wiring.h"
#include "daemon/app/with_store.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/text.h"
#include "daemon/service/task_json.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLogBytes = 1 << 20;

StatusOr<ByHand> AskedOf(const TaskCreateArguments& arguments) {
  ByHand asked = arguments.asked;
  for (const std::string& input : arguments.inputs) {
    const std::size_t equals = input.find('=');
    if (equals == 0 || equals == std::string::npos)
      return InvalidArgument(Cat("--input takes name=value, not \"", input, "\""));
    asked.inputs[input.substr(0, equals)] = input.substr(equals + 1);
  }
  if (!arguments.log.empty()) {
    auto log =
        arguments.log == "-" ? ReadAll(0, kMaxLogBytes) : ReadFile(arguments.log, kMaxLogBytes);
    if (!log.ok()) return Annotate(log.status(), "--log");
    asked.log = *std::move(log);
  }
  RETURN_IF_ERROR(CheckByHand(asked));
  return asked;
}

std::string BodyOf(const ByHand& asked) {
  JsonWriter body;
  WriteJson(asked, body);
  return body.Take();
}

void Tell(const std::string& id, const std::string& state, bool existed) {
  PrintOut(Cat("task ", id, existed ? " was made by this request before; it" : "", " is ", state,
               "\nwatch it by: regreen task log -f ", id, "\n"));
}

Status CreateByServer(const TaskCreateArguments& arguments, const ByHand& asked) {
  ASSIGN_OR_RETURN(const ApiClient api, ApiClient::Create(arguments.server));
  Headers headers;
  if (!arguments.key.empty()) headers.emplace_back("idempotency-key", arguments.key);
  ASSIGN_OR_RETURN(const HttpAnswer answer,
                   api.Ask("POST", "/api/v1/tasks", BodyOf(asked), headers));
  ASSIGN_OR_RETURN(const std::string text, regreen::BodyOf(answer));
  ASSIGN_OR_RETURN(const Json task, Json::Parse(text));
  if (arguments.json) {
    PrintOut(Cat(text, "\n"));
    return OkStatus();
  }
  Tell(EscapeControl(task["id"].StringOr("")), EscapeControl(task["state"].StringOr("")),
       answer.status == 200);
  return OkStatus();
}

Status CreateInStore(const TaskCreateArguments& arguments, ByHand asked) {
  ASSIGN_OR_RETURN(Config config, LoadConfigOrExplain(arguments.config));
  ASSIGN_OR_RETURN(const auto app, Wire(std::move(config)));
  asked.by = OwnUserName();
  ASSIGN_OR_RETURN(PreparedTask prepared, app->collector->PrepareByHand(asked, {}));
  HandTask task = ToHandTask(std::move(prepared), asked.by);
  task.idempotency_key = arguments.key;
  task.request_digest = Sha256Hex(BodyOf(asked));
  ASSIGN_OR_RETURN(const CreatedTask made, app->store->CreateByHand(task));
  ASSIGN_OR_RETURN(const Task created, app->store->ReadTask(made.id));
  if (!arguments.json) {
    Tell(created.id, std::string(ToString(created.state)), made.existed);
    return OkStatus();
  }
  JsonWriter out;
  out.BeginObject();
  WriteTaskFields(created, out);
  out.EndObject();
  PrintOut(Cat(out.Take(), "\n"));
  return OkStatus();
}

Status Create(const TaskCreateArguments& arguments) {
  ASSIGN_OR_RETURN(ByHand asked, AskedOf(arguments));
  return arguments.server.url.empty() ? CreateInStore(arguments, std::move(asked))
                                      : CreateByServer(arguments, asked);
}

}  // namespace

int TaskCreate(const TaskCreateArguments& arguments) {
  LogWarningsOnly();
  const Status created = Create(arguments);
  return created.ok() ? kDone : Complain(created);
}

}  // namespace regreen
