// policy from-task: what one task did, as the draft of a template.
#include <filesystem>

#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/guard/patch_text.h"
#include "daemon/policy/draft.h"
#include "daemon/policy/matcher.h"
#include "daemon/policy/report.h"

namespace regreen {
namespace {

StatusOr<DraftOptions> OptionsFor(const Task& task, const std::string& patch,
                                  const Policies& policies, const std::string& name) {
  DraftOptions options;
  options.name = name.empty() ? Cat("from-task-", task.id) : name;
  for (const Template& t : policies.templates->templates()) options.templates.insert(t.name);
  if (options.templates.contains(options.name)) {
    return AlreadyExists(Cat("there is a template \"", options.name,
                             "\" already; --name gives the ", "draft another name"));
  }
  ASSIGN_OR_RETURN(const std::vector<FileText> files, ReadPatchText(patch));
  for (const FileText& file : files) options.changed_files.push_back(file.path);
  return options;
}

// The draft must load beside the other templates and be chosen for the failure that it is made of.
Status Check(const Draft& draft, const DraftOptions& options, const Task& task,
             const Policies& policies) {
  std::vector<PolicyEdit> edits = {{Cat("templates/", draft.source.file), draft.source.text}};
  for (const PolicySource& prompt : draft.prompts) edits.push_back({prompt.name, prompt.text});
  Problems problems;
  const Policies edited = LoadEditedPolicies(policies, edits, problems);
  if (problems.has_errors())
    return Annotate(problems.ToStatus(), "what the task did cannot be said as a template");
  SelectOptions select;
  select.only_template = options.name;
  select.allow_draft = true;
  select.command = task.incident.evidence.command;
  select.directory = task.incident.evidence.directory;
  // A task by hand has its command in the plan alone.
  if (select.command.empty()) select.command = task.plan.verify_command;
  const Selection selection = Select(task.incident, *edited.templates, select);
  if (selection.plan) return OkStatus();
  return FailedPrecondition(
      Cat("the draft would not be chosen for its own failure: ", RenderSelection(selection)));
}

// The prompts of a draft go where the loader looks for them: beside the folder of the templates.
std::filesystem::path PromptPath(const std::filesystem::path& file, const PolicySource& prompt) {
  return std::filesystem::absolute(file).parent_path().parent_path() / prompt.name;
}

Status WriteDraft(const Draft& draft, const std::filesystem::path& file) {
  std::error_code error;
  for (const PolicySource& prompt : draft.prompts) {
    if (std::filesystem::exists(PromptPath(file, prompt), error)) {
      return AlreadyExists(Cat(PromptPath(file, prompt).string(),
                               " is there already; --name gives ", "the draft another name"));
    }
  }
  RETURN_IF_ERROR(CreateFile(file, draft.source.text));
  PrintOut(Cat(EscapeControl(file.string()), "\n"));
  for (const PolicySource& prompt : draft.prompts) {
    const std::filesystem::path path = PromptPath(file, prompt);
    RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
    RETURN_IF_ERROR(CreateFile(path, prompt.text));
    PrintOut(Cat(EscapeControl(path.string()), "\n"));
  }
  return OkStatus();
}

void Print(const Draft& draft, const DraftOptions& options, bool json) {
  if (!json) {
    PrintOut(EscapeControlKeepLines(draft.source.text));
    for (const PolicySource& prompt : draft.prompts) {
      PrintOut(Cat("\n# The file ", prompt.name, ":\n"));
      for (const std::string_view line : SplitLines(prompt.text))
        PrintOut(Cat("# ", EscapeControl(line), "\n"));
    }
    return;
  }
  JsonWriter out;
  out.BeginObject().Field("name", options.name).Field("text", draft.source.text);
  out.Key("prompts").BeginArray();
  for (const PolicySource& prompt : draft.prompts)
    out.BeginObject().Field("path", prompt.name).Field("text", prompt.text).EndObject();
  out.EndArray().EndObject();
  PrintOut(Cat(out.Take(), "\n"));
}

}  // namespace

Status DraftFromTask(const Task& task, const std::string& patch, const Policies& policies,
                     const PolicyArguments& arguments) {
  ASSIGN_OR_RETURN(const DraftOptions options, OptionsFor(task, patch, policies, arguments.name));
  ASSIGN_OR_RETURN(const Draft draft, DraftTemplate(task, options));
  RETURN_IF_ERROR(Check(draft, options, task, policies));
  if (!arguments.output.empty()) return WriteDraft(draft, arguments.output);
  Print(draft, options, arguments.json);
  return OkStatus();
}

int PolicyFromTask(const PolicyArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store, const Config& config) -> Status {
    ASSIGN_OR_RETURN(const Task task, store.ReadTask(arguments.task));
    const auto patch = store.ReadArtifact(task.id, "patch");
    if (!patch.ok() && patch.status().code() != StatusCode::kNotFound) return patch.status();
    // Where the policies come from git, the shipped ones stand for what the draft is loaded beside.
    const bool remote = arguments.policies.empty() && !config.policies.remote.empty();
    ASSIGN_OR_RETURN(
        const Policies policies,
        LoadPoliciesOrExplain(remote ? ShippedPolicies() : FolderInForce(arguments, config)));
    return DraftFromTask(task, patch.value_or(""), policies, arguments);
  });
}

}  // namespace regreen
