#include "daemon/policy/ci_github_find.h"

#include <vector>

#include "daemon/base/text.h"
#include "daemon/policy/ci_github_matrix.h"
#include "daemon/policy/ci_shell.h"

namespace regreen {
namespace {

constexpr int kMostCalls = 10;  // GitHub's own limit

// "test (3.11, ubuntu)" is a job of the matrix of "test".
bool IsOfMatrix(std::string_view base, std::string_view shown) {
  return shown.starts_with(Cat(base, " (")) && shown.ends_with(')');
}

std::string Written(const CiNodePtr& job, const std::string& id) {
  const std::string* name = TextMember(job, "name");
  return name == nullptr ? id : *name;
}

struct NamedJob {
  std::string id;
  CiNodePtr job;
};

StatusOr<NamedJob> FindJob(const CiNodePtr& workflow, const std::string& name) {
  const CiNodePtr jobs = Member(workflow, "jobs");
  if (!jobs || !jobs->is_map())
    return InvalidArgument("the file is no workflow: it has no \"jobs\"");
  std::vector<NamedJob> exact, matrix, possible;
  for (const auto& [id, job] : jobs->members) {
    if (!job->is_map()) continue;
    const std::string written = Written(job, id);
    if (written == name || id == name) {
      exact.push_back({id, job});
    } else if (IsOfMatrix(written, name) || IsOfMatrix(id, name)) {
      matrix.push_back({id, job});
    } else if (HasExpression(written) && CouldRead(written, name)) {
      possible.push_back({id, job});
    }
  }
  for (const auto* found : {&exact, &matrix, &possible}) {
    if (found->size() == 1) return found->front();
    if (found->size() > 1)
      return InvalidArgument(Cat("more than one job of the workflow fits ", Shown(name)));
  }
  return NotFound(Cat("the workflow has no job ", Shown(name)));
}

GithubPlace PlaceOf(const CiNodePtr& workflow, const NamedJob& found, const std::string& name,
                    const CiContext& context) {
  GithubPlace place{workflow, found.job, found.id, context};
  AddMatrix(found.job, Written(found.job, found.id), name, place.context);
  // The id serves as the name where GitHub shows that one.
  if (IsOfMatrix(found.id, name)) AddMatrix(found.job, found.id, name, place.context);
  return place;
}

class Caller {
 public:
  explicit Caller(const CiFiles& files) : files_(files) {}

  StatusOr<GithubPlace> Find(const CiNodePtr& workflow, const std::string& name,
                             const CiContext& context, int depth) {
    auto direct = FindJob(workflow, name);
    if (direct.ok()) {
      if (Member(direct->job, "uses"))
        return InvalidArgument(
            "the job runs a reusable workflow, and which of its jobs is not said");
      return PlaceOf(workflow, *direct, name, context);
    }
    if (direct.status().code() != StatusCode::kNotFound) return direct.status();
    for (std::size_t at = name.find(" / "); at != std::string::npos;
         at = name.find(" / ", at + 3)) {
      const std::string caller = name.substr(0, at);
      const auto call = FindJob(workflow, caller);
      if (!call.ok() || !Member(call->job, "uses")) continue;
      if (depth >= kMostCalls)
        return InvalidArgument("reusable workflows call each other too deep");
      const GithubPlace from = PlaceOf(workflow, *call, caller, context);
      ASSIGN_OR_RETURN(const CiNodePtr called, ReadCalled(call->job));
      CiContext inner = context;
      std::erase_if(inner.values, [](const auto& value) {
        return !value.first.starts_with("github.") && !value.first.starts_with("runner.");
      });
      inner.whole.clear();
      AddInputs(Member(Member(Member(called, "on"), "workflow_call"), "inputs"),
                Member(call->job, "with"), from.context, inner);
      return Find(called, name.substr(at + 3), inner, depth + 1);
    }
    return direct.status();
  }

 private:
  StatusOr<CiNodePtr> ReadCalled(const CiNodePtr& job) {
    const std::string* uses = TextMember(job, "uses");
    if (uses == nullptr || !uses->starts_with("./")) {
      return InvalidArgument(Cat("the job comes from the reusable workflow ",
                                 Shown(uses == nullptr ? "" : *uses),
                                 ", which is not in this repository"));
    }
    ASSIGN_OR_RETURN(const std::string path, FolderBelow(*uses));
    auto text = files_.read(path);
    if (!text.ok()) return Annotate(text.status(), Cat("the reusable workflow ", Shown(path)));
    return ReadCiYaml(*text, "the reusable workflow");
  }

  const CiFiles& files_;
};

std::string_view FirstLine(std::string_view text) {
  text = Trim(text);
  return Trim(text.substr(0, text.find_first_of("\r\n")));
}

// What GitHub shows for a step without a name is "Run " and what it runs.
std::string NameOfStep(const CiNodePtr& step) {
  if (const std::string* name = TextMember(step, "name")) return *name;
  if (const std::string* run = TextMember(step, "run")) return Cat("Run ", FirstLine(*run));
  const std::string* uses = TextMember(step, "uses");
  return Cat("Run ", uses == nullptr ? "" : *uses);
}

}  // namespace

StatusOr<GithubPlace> FindGithubJob(const CiNodePtr& workflow, const std::string& name,
                                    const CiContext& context, const CiFiles& files) {
  return Caller(files).Find(workflow, name, context, 0);
}

StatusOr<CiNodePtr> FindGithubStep(const CiNodePtr& job, const std::string& name,
                                   const CiContext& context) {
  const CiNodePtr steps = Member(job, "steps");
  if (!steps || !steps->is_list()) return InvalidArgument("the job has no steps");
  if (name.empty()) return InvalidArgument("the failing step is not known");
  std::vector<CiNodePtr> exact, possible;
  for (const CiNodePtr& step : steps->items) {
    if (!step->is_map()) continue;
    const std::string written = NameOfStep(step);
    const auto shown = Substitute(written, context);
    if (Trim(written) == Trim(name) || (shown.ok() && Trim(*shown) == Trim(name))) {
      exact.push_back(step);
    } else if (!shown.ok() && CouldRead(written, name)) {
      possible.push_back(step);
    }
  }
  const auto& found = exact.empty() ? possible : exact;
  if (found.empty())
    return NotFound(Cat("the job has no step ", Shown(name), "; it may be one of the CI's own"));
  if (found.size() > 1) return InvalidArgument(Cat("more than one step fits ", Shown(name)));
  return found.front();
}

void AddInputs(const CiNodePtr& declared, const CiNodePtr& given, const CiContext& caller,
               CiContext& context) {
  if (!declared || !declared->is_map()) return;
  for (const auto& [name, input] : declared->members) {
    const std::string key = Lower(Cat("inputs.", name));
    CiNodePtr value = Member(given, name);
    const bool defaulted = !value;
    if (defaulted) value = Member(input, "default");
    if (!value) {
      // What is not given is empty, but for other types.
      const std::string* type = TextMember(input, "type");
      if (type == nullptr || *type == "string") context.values[key] = "";
      continue;
    }
    const auto text = value->is_scalar() ? CertainText(*value) : std::nullopt;
    if (!text) continue;
    const auto certain = Substitute(*text, defaulted ? context : caller);
    if (certain.ok()) context.values[key] = *certain;
  }
}

}  // namespace regreen
