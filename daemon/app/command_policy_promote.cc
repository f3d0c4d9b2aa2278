// policy promote: what a template did so far, what its gate says of that, and its file with the
// next stage.
#include "absl/strings/str_format.h"
#include "daemon/app/command_policy.h"
#include "daemon/app/print.h"
#include "daemon/app/with_store.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/policy/edit.h"

namespace regreen {
namespace {

// What is asked for, and what stands against it.
struct Promotion {
  Stage from, to;
  TemplateRecord record;
  std::vector<std::string> objections;
  std::string demoted;  // why the template counts as less than its file says; "" unless it does
  bool allowed = false;
  bool written = false;
};

StatusOr<Stage> Target(const Template& t, const std::string& asked) {
  if (!asked.empty()) {
    if (const auto stage = ParseStage(asked)) return *stage;
    const std::string names[] = {"draft", "shadow", "suggest", "auto", "retired"};
    return InvalidArgument(Cat("there is no stage \"", EscapeControl(asked), "\"",
                               DidYouMean(asked, names), "; the stages are ", Join(names, ", ")));
  }
  if (t.stage == Stage::kRetired) {
    return FailedPrecondition(
        Cat("template \"", t.name, "\" is retired; --to draft takes it up again"));
  }
  if (t.stage == Stage::kAuto) {
    return FailedPrecondition(
        Cat("template \"", t.name, "\" is auto already, the last stage; --to names a lower one"));
  }
  return NextStage(t.stage);
}

// A gate stands before higher stages only; what was retired begins below them all.
bool GoesUp(Stage from, Stage to) {
  if (to == Stage::kRetired) return false;
  return from == Stage::kRetired || static_cast<int>(to) > static_cast<int>(from);
}

std::string Render(const Template& t, const Promotion& p) {
  const TemplateRecord& r = p.record;
  std::string out = Cat(t.name, ": ", ToString(p.from), " → ", ToString(p.to), "\n");
  Append(out, "  tasks       ", r.tasks, "\n  reproduced  ", r.reproduced, "\n  verified    ",
         r.verified, "\n  merged      ", r.merged, "\n  declined    ", r.declined,
         "\n  recovered   ", r.recovered, "\n  failed      ", r.failed, "\n");
  Append(out, "  cost        ", absl::StrFormat("$%.2f", r.usd), "\n");
  if (r.merged + r.declined > 0)
    Append(out, "  acceptance  ", absl::StrFormat("%.0f%%", r.acceptance() * 100), "\n");
  if (!p.demoted.empty()) Append(out, "  ", p.demoted, "\n");
  return out;
}

std::string RenderJson(const Template& t, const Promotion& p, bool dry_run) {
  const TemplateRecord& r = p.record;
  JsonWriter out;
  out.BeginObject().Field("template", t.name).Field("file", t.where.file);
  out.Field("from", ToString(p.from)).Field("to", ToString(p.to));
  out.Key("record").BeginObject().Field("tasks", r.tasks).Field("reproduced", r.reproduced);
  out.Field("verified", r.verified).Field("merged", r.merged).Field("declined", r.declined);
  out.Field("recovered", r.recovered).Field("failed", r.failed).Field("cost_usd", r.usd);
  out.Field("acceptance", r.acceptance()).EndObject();
  out.Field("objections", p.objections).Field("demoted", p.demoted);
  out.Field("allowed", p.allowed).Field("dry_run", dry_run).Field("written", p.written);
  out.EndObject();
  return Cat(out.Take(), "\n");
}

std::string PathInFolder(const Policies& policies, const Template& t) {
  for (const PolicyFile& file : *policies.files) {
    if (t.where.file.ends_with(Cat("/", file.path))) return file.path;
  }
  return {};
}

// Nothing is written that would not load, and what was written is looked at again.
Status WriteStage(const Policies& policies, const Template& t, Stage stage) {
  ASSIGN_OR_RETURN(const std::string before, ReadFile(t.where.file, kMaxPolicyFileBytes));
  ASSIGN_OR_RETURN(const std::string after, WithStage(before, stage));
  const PolicyEdit edit{PathInFolder(policies, t), after};
  Problems problems;
  const Policies edited = LoadEditedPolicies(policies, std::span(&edit, 1), problems);
  RETURN_IF_ERROR(problems.has_errors() ? problems.ToStatus() : OkStatus());
  const Template* now = edited.templates->Find(t.name);
  if (now == nullptr || now->stage != stage)
    return Internal(Cat(t.where.file, " would not have the stage ", ToString(stage),
                        " after the edit, so it was left as it is"));
  RETURN_IF_ERROR(ReplaceFileAtomic(t.where.file, after));
  ASSIGN_OR_RETURN(const std::string written, ReadFile(t.where.file, kMaxPolicyFileBytes));
  if (written != after)
    return Aborted(Cat(t.where.file, " was changed by somebody else at the same time: look at it"));
  return OkStatus();
}

}  // namespace

Status FolderIsEditable(const PolicyArguments& arguments, const Config& config) {
  const PoliciesConfig& policies = config.policies;
  if (!arguments.policies.empty() || policies.remote.empty()) return OkStatus();
  return FailedPrecondition(Cat("the policies come from the branch ", policies.branch, " of ",
                                policies.remote, ", so they are changed there: set stage in ",
                                policies.path, policies.path.empty() ? "" : "/",
                                "templates/ by a commit, or give a checkout of it with ",
                                "--policies DIR, and commit what changes"));
}

Status PromoteTemplate(PolicyRecords& records, const Policies& policies,
                       const PolicyArguments& arguments) {
  ASSIGN_OR_RETURN(const Template* t, FindTemplate(policies, arguments.name));
  Promotion p{t->stage, t->stage, {}, {}, {}};
  ASSIGN_OR_RETURN(p.to, Target(*t, arguments.to));
  ASSIGN_OR_RETURN(p.record, records.ReadTemplateRecord(t->name));
  if (GoesUp(p.from, p.to)) p.objections = GateObjections(p.to, t->promote, p.record);
  p.demoted = StageInEffect(t->stage, t->promote, p.record).why;
  p.allowed = p.objections.empty() || arguments.force;
  if (p.allowed && !arguments.dry_run && p.from != p.to) {
    RETURN_IF_ERROR(WriteStage(policies, *t, p.to));
    p.written = true;
  }
  PrintOut(arguments.json ? RenderJson(*t, p, arguments.dry_run) : Render(*t, p));
  for (const std::string& objection : p.objections) Complain(objection);
  if (!p.allowed) {
    return FailedPrecondition(Cat("template \"", t->name, "\" stays ", ToString(p.from),
                                  ": its gate does not hold; --force goes past it"));
  }
  if (arguments.json) return OkStatus();
  PrintOut(p.from == p.to ? Cat(t->name, " is ", ToString(p.to), " already\n")
           : p.written ? Cat(EscapeControl(t->where.file), ": stage is ", ToString(p.to), " now\n")
                       : Cat(EscapeControl(t->where.file), " would be changed\n"));
  return OkStatus();
}

int PolicyPromote(const PolicyArguments& arguments) {
  return WithStore(arguments.config, [&](Store& store, const Config& config) -> Status {
    RETURN_IF_ERROR(FolderIsEditable(arguments, config));
    ASSIGN_OR_RETURN(const Policies policies,
                     LoadPoliciesOrExplain(FolderInForce(arguments, config)));
    return PromoteTemplate(store, policies, arguments);
  });
}

}  // namespace regreen
