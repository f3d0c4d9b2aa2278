#include "daemon/app/command_line.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "adapters/git/git.h"
#include "adapters/workspace/forwarder.h"
#include "daemon/app/command_options.h"
#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {
namespace {

constexpr int kWrongUse = 2;

void AddServing(CLI::App& app, Parsed& p) {
  CLI::App* serve = app.add_subcommand("serve", "run the daemon until SIGTERM");
  AddConfig(*serve, p.serve.config);
  serve->callback([&p] { p.run = [&p] { return Serve(p.serve); }; });

  CLI::App* check =
      app.add_subcommand("check", "check the configuration and its policies; all problems at once");
  AddConfig(*check, p.check.config);
  check->add_flag("--example", p.check.example, "print an example configuration and end");
  check->callback([&p] { p.run = [&p] { return Check(p.check); }; });

  CLI::App* deliver =
      app.add_subcommand("deliver", "sign a payload and post it to the running daemon");
  AddConfig(*deliver, p.deliver.config);
  deliver->add_option("--ci", p.deliver.ci, "the name of the CI in the configuration")->required();
  deliver->add_option("--event", p.deliver.event,
                      "the platform's event name; workflow_run or Pipeline Hook when absent");
  deliver->add_option("--id", p.deliver.id, "the delivery's id; a new one when absent");
  deliver->add_option("--url", p.deliver.url, "where the daemon is, when not at server.listen");
  deliver->add_option("FILE", p.deliver.file, "the payload; - for standard input")->required();
  deliver->callback([&p] { p.run = [&p] { return Deliver(p.deliver); }; });

  CLI::App* doctor =
      app.add_subcommand("doctor", "what this machine can do: sandbox, git, store, policies");
  doctor->add_option("--config", p.doctor.config, "look at what this configuration needs");
  doctor->add_flag("--json", p.doctor.json, "one JSON object");
  doctor->callback([&p] { p.run = [&p] { return Doctor(p.doctor); }; });
}

// "30d", or what ParseDuration takes.
std::optional<absl::Duration> ParseSince(std::string_view text) {
  std::int64_t days = 0;
  if (text.ends_with('d') && ParseInt64(text.substr(0, text.size() - 1), &days) && days > 0 &&
      days <= 36'500) {
    return days * absl::Hours(24);
  }
  return ParseDuration(text);
}

void AddPolicyFiles(CLI::App& policy, Parsed& p) {
  const auto add = [&](const char* name, const char* about, const char* examples,
                       int (*run)(const PolicyArguments&)) {
    CLI::App* command = policy.add_subcommand(name, about);
    command->footer(Cat("Examples:\n", examples));
    command->add_option("--policies", p.policy.policies, "a policy folder instead");
    command->add_flag("--json", p.policy.json, "one JSON object");
    command->callback([&p, run] { p.run = [&p, run] { return run(p.policy); }; });
    return command;
  };
  CLI::App* show = add("show", "a template, as it is written or as it is in effect",
                       "  regreen policy show black\n"
                       "  regreen policy show black --effective --policies ./policies",
                       PolicyShow);
  show->add_option("NAME", p.policy.name, "the template")->required();
  show->add_flag("--effective", p.policy.effective,
                 "after extends and use, with the origin of every value");
  CLI::App* schema = add("schema", "a JSON Schema of the files, for editors",
                         "  regreen policy schema template > template.json\n"
                         "  regreen policy schema --check --policies ./policies",
                         PolicySchema);
  schema->add_option("KIND", p.policy.kind, "template, rule, config, fixture or guard");
  schema->add_flag("--check", p.policy.compare,
                   "instead, whether the folder's schema/*.json say the same");
  CLI::App* promote = add("promote", "what a template did, and its file with the next stage",
                          "  regreen policy promote black --dry-run\n"
                          "  regreen policy promote black --to auto --policies ./policies",
                          PolicyPromote);
  promote->add_option("NAME", p.policy.name, "the template")->required();
  promote->add_option("--to", p.policy.to, "this stage instead of the next; may be a lower one");
  promote->add_flag("--force", p.policy.force, "even where its gate does not hold");
  promote->add_flag("--dry-run", p.policy.dry_run, "change nothing");
  AddConfig(*promote, p.policy.config);
  CLI::App* draft = add("from-task", "a draft of a template from what a task did",
                        "  regreen policy from-task 0a1b2c\n"
                        "  regreen policy from-task 0a1b2c --name table --output "
                        "policies/templates/table.toml",
                        PolicyFromTask);
  draft->add_option("ID", p.policy.task, "the task, or how its id begins")->required();
  draft->add_option("--name", p.policy.name, "of the template");
  draft->add_option("--output", p.policy.output, "a new file; standard output when absent");
  AddConfig(*draft, p.policy.config);
}

void AddPolicies(CLI::App& app, Parsed& p) {
  CLI::App* policy =
      app.add_subcommand("policy", "look at policies, try and change them")->require_subcommand(1);
  const auto add = [&](const char* name, const char* about, int (*run)(const PolicyArguments&)) {
    CLI::App* command = policy->add_subcommand(name, about);
    command->add_option("--policies", p.policy.policies,
                        "a policy folder; the shipped one when absent");
    command->add_flag("--json", p.policy.json, "one JSON object");
    command->callback([&p, run] { p.run = [&p, run] { return run(p.policy); }; });
    return command;
  };
  add("check", "all problems of a policy folder at once", PolicyCheck)
      ->add_option("DIR", p.policy.policies, "the policy folder");
  add("list", "the templates, in the order in which they are asked", PolicyList);
  CLI::App* test = add("test", "run the cases of the folder's tests/*.toml", PolicyTest);
  test->add_option("DIR", p.policy.policies, "the policy folder");
  test->add_option("--filter", p.policy.filter, "only cases with this in their file or name");
  CLI::App* explain = add(
      "explain", "which template matches a failure, and why each other does not", PolicyExplain);
  explain->add_option("--log", p.policy.log, "a job's log, plain or gzip; - for standard input");
  explain->add_option("--event", p.policy.event,
                      "what is known of the run, TOML or JSON, as [case.event] of a test");
  explain->add_option("--command", p.policy.command, "the failing command");
  explain->add_option("--delivery", p.policy.delivery,
                      "a delivery of the store, or how its key begins, instead of a log");
  AddConfig(*explain, p.policy.config);
  CLI::App* backtest =
      add("backtest", "what the folder would do otherwise with the failures that were seen",
          PolicyBacktest);
  AddConfig(*backtest, p.policy.config);
  backtest->add_option("--since", p.since, "how far back")
      ->capture_default_str()
      ->check([](const std::string& text) {
        return ParseSince(text) ? "" : "must be a duration such as 30d or 12h";
      });
  backtest->add_option("--examples", p.policy.examples, "of each difference")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  backtest->callback([&p] {
    p.policy.since = *ParseSince(p.since);
    p.run = [&p] { return PolicyBacktest(p.policy); };
  });
  AddPolicyFiles(*policy, p);
}

void AddByHand(CLI::App& app, Parsed& p) {
  CLI::App* fix = app.add_subcommand(
      "fix", "repair a failing command in a git repository; leaves a branch, needs no server");
  fix->add_option("--repo", p.fix.repo, "the repository")->capture_default_str();
  fix->add_option("--template", p.fix.template_name, "this template, whatever its conditions");
  fix->add_option("--policies", p.fix.policies, "a policy folder; the shipped one when absent");
  fix->add_option("--workspace", p.fix.workspace, "sandbox, or worktree: NO isolation")
      ->capture_default_str();
  fix->add_option("--agent", p.fix.agent,
                  "ask this coding agent: claude and codex need no configuration, only the key and "
                  "the address of their model in the variables that they know themselves");
  fix->add_option("--prompt", p.fix.prompt, "what the agent is told besides the failure");
  fix->add_option("--model", p.fix.model, "which model the agent asks for");
  fix->add_option("--config", p.fix.config,
                  "agents and models; else $REGREEN_CONFIG, else ~/.config/regreen/config.toml");
  fix->add_option("--timeout", p.timeout, "for each command")
      ->capture_default_str()
      ->check([](const std::string& text) {
        return ParseDuration(text) ? "" : "must be a duration such as 90s or 10m";
      });
  fix->add_flag("--json", p.fix.json, "report as one JSON object");
  fix->add_option("CMD", p.fix.command, "the failing command, after --")->required();
  fix->positionals_at_end();
  fix->callback([&p] {
    p.fix.timeout = *ParseDuration(p.timeout);
    p.run = [&p] { return Fix(p.fix); };
  });

  CLI::App* triage = app.add_subcommand("triage", "class, signature and lines of CI logs");
  triage->add_option("LOG", p.triage.logs, "plain or gzip files; - for standard input")->required();
  triage->add_option("--policies", p.triage.policies,
                     "a policy folder; the shipped one when absent");
  triage->add_flag("--json", p.triage.json, "a JSON object a line");
  triage->callback([&p] { p.run = [&p] { return TriageLogs(p.triage); }; });

  CLI::App* mcp = app.add_subcommand(
      "mcp",
      "a daemon's tasks as tools for an assistant, by the Model Context Protocol on standard "
      "input and output");
  AddServer(*mcp, p.mcp.server);
  mcp->get_option("--server")->required();
  mcp->callback([&p] { p.run = [&p] { return Mcp(p.mcp); }; });

  // The network side of git runs as a child of its own, so that it can be killed.
  app.add_subcommand("internal-git", "")->group("")->callback([&p] {
    p.run = [] { return RunGitChild(); };
  });
  // The inner half of a sandbox's network. All that follows is its own, also what looks like
  // options.
  CLI::App* forward = app.add_subcommand(kForwarderCommand, "")->group("")->prefix_command();
  forward->callback([&p, forward] {
    p.run = [arguments = forward->remaining()] { return RunForwarder(arguments); };
  });
}

// CLI11 says only that a command is missing where one is misspelt.
std::string UnknownCommand(const CLI::App& app, int argc, char** argv, int place = 1) {
  if (argc <= place || argv[place][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == argv[place]) return UnknownCommand(*command, argc, argv, place + 1);
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  if (names.empty()) return "";  // a command without commands of its own
  const std::string whose = place == 1 ? "" : Cat(app.get_name(), " ");
  return Cat("there is no command \"", whose, argv[place], "\"", DidYouMean(argv[place], names),
             "; the commands are ", Join(names, ", "));
}

}  // namespace

int RunCommandLine(int argc, char** argv) {
  CLI::App app(
      "regreen turns red CI green again: it reproduces a failure, repairs it, proves the repair "
      "and "
      "opens one pull request.",
      "regreen");
  app.set_version_flag("--version", REGREEN_VERSION);
  app.require_subcommand(1);
  Parsed parsed;
  AddServing(app, parsed);
  AddTasks(app, parsed);
  AddPolicies(app, parsed);
  AddByHand(app, parsed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const std::string typo = UnknownCommand(app, argc, argv); !typo.empty())
      return Complain(typo, kWrongUse);
    return app.exit(error) == 0 ? 0 : kWrongUse;
  }
  return parsed.run();
}

}  // namespace regreen
