#include "daemon/pipeline/evidence.h"

#include "daemon/base/log.h"
#include "daemon/triage/signature.h"

namespace regreen {
namespace {

void RedactAll(Evidence& evidence) {
  evidence.signature = Redact(evidence.signature);
  evidence.command = Redact(evidence.command);
  for (std::string& test : evidence.failed_tests) test = Redact(test);
  for (Diagnostic& diagnostic : evidence.diagnostics)
    diagnostic.message = Redact(diagnostic.message);
  for (EvidenceLine& line : evidence.lines) line.text = Redact(line.text);
  for (auto& [name, value] : evidence.captures) value = Redact(value);
}

// Two such places are two failures, and a matrix of one is one.
void NameByPlace(const RunFacts& run, const JobFacts& job, Evidence& evidence) {
  const std::string_view name = std::string_view(job.name).substr(0, job.name.find(" ("));
  evidence.failure_class = FailureClass::kUnknown;
  evidence.signature =
      MakeSignature(run.workflow, StableName(name), StableMessage(job.failed_step));
  evidence.fingerprint = MakeFingerprint(evidence.failure_class, evidence.signature);
}

}  // namespace

Evidence ReadEvidence(const Triage& triage, std::string_view log, const RunFacts& run,
                      const JobFacts& job, const std::string& command) {
  Evidence evidence = triage.Run(log, {run.ci, job.failed_step, job.name, command});
  if (evidence.failure_class == FailureClass::kNone) NameByPlace(run, job, evidence);
  RedactAll(evidence);
  return evidence;
}

}  // namespace regreen
