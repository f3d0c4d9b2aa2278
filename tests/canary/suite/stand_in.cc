#include "tests/canary/suite/stand_in.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/base/text.h"

namespace regreen::canary {

StandIn::StandIn(const std::string& program, const std::string& folder,
                 const StandInSecrets& secrets) {
  int input[2], output[2];
  if (pipe2(input, O_CLOEXEC) != 0 || pipe2(output, O_CLOEXEC) != 0) return;
  UniqueFd their_input(input[0]), our_output(output[0]), their_output(output[1]);
  input_.Reset(input[1]);
  const UniqueFd held(memfd_create("token", MFD_CLOEXEC));
  EXPECT_GT(write(held.get(), secrets.descriptor.data(), secrets.descriptor.size()), 0);
  std::string environment = "REGREEN_TOKEN=" + secrets.environment;
  std::string argument = "--token=" + secrets.arguments;
  std::string name = "regreen", route = "stand-in";
  char* argv[] = {name.data(), route.data(), argument.data(), nullptr};
  char* envp[] = {environment.data(), nullptr};
  pid_ = fork();
  if (pid_ == 0) {
    dup2(their_input.get(), 0);
    dup2(their_output.get(), 1);
    dup2(held.get(), kDescriptor);
    if (chdir(folder.c_str()) == 0) execve(program.c_str(), argv, envp);
    _exit(127);
  }
  their_output.Reset();
  EXPECT_EQ(write(input_.get(), secrets.memory.data(), secrets.memory.size()),
            static_cast<ssize_t>(secrets.memory.size()));
  char bytes[64];
  const ssize_t n = read(our_output.get(), bytes, sizeof bytes);
  EXPECT_GT(n, 0) << "the process that stands for the daemon did not start";
  if (n > 0) address_ = Trim(std::string_view(bytes, static_cast<std::size_t>(n)));
}

StandIn::~StandIn() {
  input_.Reset();
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
}

bool StandIn::Lives() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

}  // namespace regreen::canary
