// The commands. Each answers the exit code: 0 done, 1 the thing asked about is bad, 2 wrong use.
// Results go to standard output, everything else to standard error.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "daemon/pipeline/by_hand.h"

namespace regreen {

struct ServeArguments {
  std::string config;
};
int Serve(const ServeArguments& arguments);

struct CheckArguments {
  std::string config;
  bool example = false;  // print the example configuration instead
};
int Check(const CheckArguments& arguments);

struct DeliverArguments {
  std::string config, ci, event, id, url, file;
};
int Deliver(const DeliverArguments& arguments);

// Where a daemon's API is, for commands that ask it instead of its store.
struct ServerArguments {
  std::string url;    // "": there is none
  std::string token;  // a reference: file:PATH, env:NAME
  std::string ca_file;
};
struct TaskArguments {
  std::string config, id, state, repo, reason;
  int limit = 50;
  bool json = false, follow = false, take_over = false;
  ServerArguments server;  // shell
};
struct TaskCreateArguments {
  std::string config;
  ServerArguments server;
  ByHand asked;
  std::vector<std::string> inputs;  // name=value
  std::string log;                  // a file; "-": standard input
  std::string key;                  // of the request, so that it makes one task
  bool json = false;
};
int TaskCreate(const TaskCreateArguments& arguments);
struct McpArguments {
  ServerArguments server;
};
int Mcp(const McpArguments& arguments);
int TaskList(const TaskArguments& arguments);
int TaskShow(const TaskArguments& arguments);
int TaskLog(const TaskArguments& arguments);
int TaskDiff(const TaskArguments& arguments);
int TaskApprove(const TaskArguments& arguments);
int TaskReject(const TaskArguments& arguments);
int TaskCancel(const TaskArguments& arguments);
int TaskShell(const TaskArguments& arguments);
int TaskResume(const TaskArguments& arguments);

struct DecisionArguments {
  std::string config;
  int limit = 50;
  bool json = false;
};
int DecisionList(const DecisionArguments& arguments);

struct FixArguments {
  std::string repo = ".", template_name, policies, workspace = "sandbox";
  std::string config, agent, prompt, model;
  absl::Duration timeout = absl::Minutes(10);
  std::vector<std::string> command;
  bool json = false;
};
int Fix(const FixArguments& arguments);

struct TriageArguments {
  std::vector<std::string> logs;
  std::string policies;
  bool json = false;
};
int TriageLogs(const TriageArguments& arguments);

struct DoctorArguments {
  std::string config;  // empty: what a default installation would need
  bool json = false;
};
int Doctor(const DoctorArguments& arguments);

struct PolicyArguments {
  std::string config;
  std::string policies;  // a folder; "": the shipped one, or that of the config where it is read
  std::string delivery, event, log, command;    // explain
  std::string filter;                           // test: a part of the case's place or name
  absl::Duration since = absl::Hours(24 * 30);  // backtest
  int examples = 3;
  std::string name;          // show, promote: a template; from-task: what the draft is called
  std::string to;            // promote: a stage; "" for the next one
  std::string task, output;  // from-task: how its id begins, and a file for the draft
  std::string kind;          // schema
  bool effective = false;    // show
  bool force = false, dry_run = false;  // promote
  bool compare = false;                 // schema: with the folder's files
  bool json = false;
};
int PolicyCheck(const PolicyArguments& arguments);
int PolicyList(const PolicyArguments& arguments);
int PolicyExplain(const PolicyArguments& arguments);
int PolicyTest(const PolicyArguments& arguments);
int PolicyBacktest(const PolicyArguments& arguments);
int PolicyShow(const PolicyArguments& arguments);
int PolicySchema(const PolicyArguments& arguments);
int PolicyPromote(const PolicyArguments& arguments);
int PolicyFromTask(const PolicyArguments& arguments);

// The folder of the shipped policies: beside an installed program, or in the source tree it was
// built in.
std::string ShippedPolicies();

}  // namespace regreen
