// The options of the command line, by subject. Private to command_line.cc and its parts.
#pragma once

#include <functional>
#include <string>

#include "daemon/app/commands.h"

namespace CLI {
class App;
}

namespace regreen {

// Everything that the options are read into, and what is to be run.
struct Parsed {
  ServeArguments serve;
  CheckArguments check;
  DeliverArguments deliver;
  TaskArguments task;
  TaskCreateArguments create;
  McpArguments mcp;
  DecisionArguments decision;
  FixArguments fix;
  TriageArguments triage;
  DoctorArguments doctor;
  PolicyArguments policy;
  std::string timeout = "10m", since = "30d";
  std::function<int()> run;
};

void AddConfig(CLI::App& command, std::string& config);
// --server, --token and --ca-file.
void AddServer(CLI::App& command, ServerArguments& server);
void AddTasks(CLI::App& app, Parsed& p);  // command_line_tasks.cc

}  // namespace regreen
