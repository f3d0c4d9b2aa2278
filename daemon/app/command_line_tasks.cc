#include <CLI/CLI.hpp>

#include "daemon/app/command_options.h"

namespace regreen {
namespace {

constexpr char kDefaultConfig[] = "/etc/regreen/config.toml";

void AddTaskCreate(CLI::App& task, Parsed& p) {
  CLI::App* create = task.add_subcommand("create", "start one by hand");
  create->footer(
      "Examples:\n"
      "  regreen task create --repo acme/widget --ref main --template black --command 'make lint'\n"
      "  regreen task create --repo acme/widget --ref 17 --command 'make check' --run 'make fmt'\n"
      "  regreen task create --repo acme/widget --ref main --agent claude --command 'make test' "
      "\\\n"
      "    --server https://regreen.example.com --token file:/home/me/.regreen-token");
  TaskCreateArguments& c = p.create;
  ByHand& asked = c.asked;
  AddConfig(*create, c.config);
  AddServer(*create, c.server);
  create->add_option("--repo", asked.repo, "owner/name")->required();
  create->add_option("--ref", asked.ref, "a branch, tag, commit, or the number of a pull request")
      ->required();
  create->add_option("--template", asked.template_name, "this template, whatever its conditions");
  create->add_option("--input", c.inputs, "name=value, of the template; may be repeated");
  create->add_option("--run", asked.run, "or without a template: a command that repairs");
  create->add_option("--agent", asked.agent, "or an agent of the configuration");
  create->add_option("--prompt", asked.prompt, "what the agent is told besides the failure");
  create->add_option("--command", asked.command, "what is to succeed");
  create->add_option("--directory", asked.directory, "where it runs, below the tree");
  create->add_option("--job", asked.job, "or the job of a CI definition whose command it is");
  create->add_option("--workflow", asked.workflow, "the file of that definition");
  create->add_option("--step", asked.step, "the step of the job, where it has several");
  create->add_option("--ci", asked.ci, "the CI by whose rules the definition is read");
  create->add_option("--log", c.log, "of the failure, for the evidence; - for standard input");
  create->add_option("--target", asked.target, "the branch that the change goes into");
  create->add_option("--forge", asked.forge, "where the repository is, when several serve it");
  create->add_flag("--hold", asked.hold, "a person approves before anything is done");
  create->add_flag("--review", asked.review, "a person approves the proven patch");
  create->add_option("--key", c.key, "of this request: the same again makes no second task");
  create->add_flag("--json", c.json, "one JSON object");
  create->callback([&p] { p.run = [&p] { return TaskCreate(p.create); }; });
}

}  // namespace

void AddConfig(CLI::App& command, std::string& config) {
  config = kDefaultConfig;
  command.add_option("--config", config, "the configuration file")->capture_default_str();
}

void AddServer(CLI::App& command, ServerArguments& server) {
  command.add_option("--server", server.url, "the address of a daemon's API");
  command.add_option("--token", server.token, "where its token is: file:PATH or env:NAME");
  command.add_option("--ca-file", server.ca_file, "certificates for it; the system's when absent");
}

void AddTasks(CLI::App& app, Parsed& p) {
  CLI::App* task =
      app.add_subcommand("task", "look at tasks, and decide about them")->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, int (*run)(const TaskArguments&),
                       bool takes_id) {
    CLI::App* command = task->add_subcommand(name, about);
    AddConfig(*command, p.task.config);
    if (takes_id)
      command->add_option("ID", p.task.id, "the task, or how its id begins")->required();
    command->callback([&p, run] { p.run = [&p, run] { return run(p.task); }; });
    return command;
  };
  CLI::App* list = add("list", "the newest tasks", TaskList, false);
  list->add_option("--state", p.task.state, "only those in this state");
  list->add_option("--repo", p.task.repo, "only those of this repository");
  list->add_option("--limit", p.task.limit, "how many at the most")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  list->add_flag("--json", p.task.json, "one JSON object");
  add("show", "a task with its timeline, proof and change", TaskShow, true)
      ->add_flag("--json", p.task.json, "one JSON object");
  CLI::App* log = add("log", "what its commands printed and its agents did", TaskLog, true);
  log->add_flag("-f,--follow", p.task.follow, "and what it does, as it comes, to its end");
  log->add_flag("--json", p.task.json, "what its agents did, one JSON object a line");
  add("diff", "its patch", TaskDiff, true);
  const auto decide = [&](const char* name, const char* about, int (*run)(const TaskArguments&)) {
    add(name, about, run, true)->add_option("--reason", p.task.reason, "for the timeline");
  };
  decide("approve", "let it begin when it is held, or be published when it is in review",
         TaskApprove);
  decide("reject", "end it when it is held or in review", TaskReject);
  decide("cancel", "end it, whatever it does", TaskCancel);
  CLI::App* shell = add("shell",
                        "a shell in the workspace that a task which ended left; the command for "
                        "one where that is on another machine",
                        TaskShell, true);
  shell->add_flag("--take-over", p.task.take_over, "end it first when it is still at work");
  AddServer(*shell, p.task.server);
  add("resume", "prove and publish what was left in its workspace, as a new task", TaskResume,
      true);
  AddTaskCreate(*task, p);

  CLI::App* decisions =
      app.add_subcommand("decisions", "what was decided about each delivery, and why");
  AddConfig(*decisions, p.decision.config);
  decisions->add_option("--limit", p.decision.limit, "how many at the most")
      ->check(CLI::Range(1, 1000));
  decisions->add_flag("--json", p.decision.json, "one JSON object");
  decisions->callback([&p] { p.run = [&p] { return DecisionList(p.decision); }; });
}

}  // namespace regreen
