// Where in workflows a failed job and its step stand.
#pragma once

#include <string>
#include <string_view>

#include "daemon/base/status.h"
#include "daemon/policy/ci_definition.h"
#include "daemon/policy/ci_expression.h"
#include "daemon/policy/ci_yaml.h"

namespace regreen {

// A job with the file that it stands in, and what expressions in it mean.
struct GithubPlace {
  CiNodePtr workflow, job;
  std::string job_id;
  CiContext context;
};

// Follows the workflows of the repository itself that jobs call: "call / inner" is a job of
// another file.
StatusOr<GithubPlace> FindGithubJob(const CiNodePtr& workflow, const std::string& name,
                                    const CiContext& context, const CiFiles& files);

StatusOr<CiNodePtr> FindGithubStep(const CiNodePtr& job, const std::string& name,
                                   const CiContext& context);

// `inputs.` as a called workflow or action finds them: what the caller gives, else the default.
void AddInputs(const CiNodePtr& declared, const CiNodePtr& given, const CiContext& caller,
               CiContext& context);

}  // namespace regreen
