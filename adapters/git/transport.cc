#include "adapters/git/transport.h"

#include "adapters/git/library.h"
#include "adapters/git/remote.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"
#include "daemon/base/toml.h"

namespace regreen {

StatusOr<GitAnswer> AskRemote(const GitOptions& options, GitRequest request, std::stop_token stop) {
  RETURN_IF_ERROR(CheckRemote(request.remote));
  request.ca_file = request.remote.ca_file.empty() ? options.ca_file : request.remote.ca_file;
  ProcessSpec spec;
  spec.argv = {options.child_program, "internal-git"};
  spec.stdin_bytes = EncodeRequest(request);
  spec.timeout = options.network_timeout;
  spec.max_output_bytes = 1 << 20;
  auto result = RunProcess(spec, stop);
  if (!result.ok()) return Annotate(result.status(), "cannot run the git child");
  if (result->timed_out) {
    return DeadlineExceeded(Cat("git took longer than ", FormatDuration(options.network_timeout),
                                " with ", request.remote.url));
  }
  if (result->exit_code != 0) {
    return Unavailable(
        Cat("the git child ended with ", result->exit_code, ": ", CleanGitText(result->err)));
  }
  auto answer = DecodeAnswer(result->out);
  if (!answer.ok()) return Annotate(answer.status(), CleanGitText(request.remote.url));
  return answer;
}

}  // namespace regreen
