#include "daemon/app/commands.h"
#include "daemon/app/print.h"
#include "daemon/base/compress.h"
#include "daemon/base/file.h"
#include "daemon/base/json.h"
#include "daemon/base/text.h"
#include "daemon/pipeline/policies.h"
#include "daemon/triage/report.h"
#include "daemon/triage/triage.h"

namespace regreen {
namespace {

constexpr std::size_t kMaxLogBytes = 256 << 20;

StatusOr<std::string> ReadLog(const std::string& name) {
  ASSIGN_OR_RETURN(std::string bytes,
                   name == "-" ? ReadAll(0, kMaxLogBytes) : ReadFile(name, kMaxLogBytes));
  if (!LooksLikeGzip(bytes)) return bytes;
  return GzipDecompress(bytes, kMaxLogBytes);
}

}  // namespace

int TriageLogs(const TriageArguments& arguments) {
  LogWarningsOnly();
  Problems problems;
  const std::string folder = arguments.policies.empty() ? ShippedPolicies() : arguments.policies;
  const Policies policies = LoadPolicyFolder(folder, problems);
  if (problems.has_errors()) return Complain(problems.ToStatus());
  const Triage triage(policies.rules);
  int code = kDone;
  for (const std::string& name : arguments.logs) {
    const auto log = ReadLog(name);
    if (!log.ok()) {
      code = Complain(Annotate(log.status(), name));
      continue;
    }
    const Evidence evidence = triage.Run(*log);
    if (arguments.json) {
      JsonWriter out;
      WriteTriageJson(evidence, name, out);
      PrintOut(Cat(out.Take(), "\n"));
    } else {
      PrintOut(RenderEvidence(evidence, name));
    }
  }
  return code;
}

}  // namespace regreen
