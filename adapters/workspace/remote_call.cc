#include <fcntl.h>

#include <cerrno>
#include <cstdlib>

#include "adapters/workspace/remote.h"
#include "adapters/workspace/remote_script.h"
#include "daemon/base/file.h"
#include "daemon/base/hash.h"
#include "daemon/base/subprocess.h"
#include "daemon/base/text.h"

namespace regreen {
namespace {

constexpr int kInputFd = 3;
constexpr std::size_t kErrorBytes = 64 << 10;

// The line comes first, then a file of ours, which may be larger than what is to be in memory.
constexpr char kWithFile[] = "{ cat && cat <&3; } | \"$@\" 3<&-";

// What its client said, without our own answers.
std::string Complaint(const ProcessResult& result) {
  const std::string said = EscapeControl(Truncate(Trim(result.err), 400));
  return said.empty() ? Cat("its client ended with ", result.exit_code) : said;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ClientEnvironment(
    const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, std::string>> env;
  const auto take = [&](const std::string& name) {
    if (const char* value = std::getenv(name.c_str())) env.push_back({name, value});
  };
  for (const char* name : {"PATH", "HOME", "USER", "LOGNAME", "XDG_RUNTIME_DIR", "TMPDIR"})
    take(name);
  for (const std::string& name : names) take(name);
  return env;
}

StatusOr<RemoteAnswer> CallRemote(const RemoteEngine& engine, const RemoteCall& call,
                                  std::stop_token stop) {
  const std::string nonce = RandomHex(16);
  LocalCommand client = engine.Command(call.name, ScriptReader(engine.traits()));
  ProcessSpec process;
  process.argv = std::move(client.argv);
  process.env = std::move(client.env);
  process.timeout = call.timeout;
  process.max_output_bytes = call.max_output_bytes + call.max_output_bytes / 3 + kErrorBytes;
  process.stdin_bytes = Cat(ScriptLine(call.script, nonce), call.input);
  UniqueFd file;
  if (!call.input_file.empty()) {
    file.Reset(open(call.input_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return ErrnoStatus(errno, Cat("cannot open ", call.input_file));
    process.shared_fds = {{kInputFd, file.get()}};
    process.argv.insert(process.argv.begin(), {"/bin/sh", "-c", kWithFile, "sh"});
  }
  ASSIGN_OR_RETURN(ProcessResult result, RunProcess(process, std::move(stop)));
  RemoteAnswer answer;
  answer.word = AnswerIn(result.err, nonce);
  answer.timed_out = result.timed_out;
  answer.output_truncated = result.output_truncated;
  answer.wall = result.wall;
  if (answer.word.empty() && !result.timed_out) {
    return Unavailable(
        Cat("the workspace ", call.name, " is gone or cannot be reached: ", Complaint(result)));
  }
  answer.out = std::move(result.out);
  answer.err = std::move(result.err);
  return answer;
}

}  // namespace regreen
