// Routes that leave a process behind. What lingers bears the mark of the test in its arguments, and
// ends by itself after a while, so that a failed test leaves nothing on the machine.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <initializer_list>

#include "fixer.h"

namespace fixer {
namespace {

constexpr unsigned kLongest = 40;  // seconds

void LetGo() {
  const int nothing = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) dup2(nothing, fd);
}

void IgnoreSignals() {
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGPIPE}) signal(number, SIG_IGN);
}

[[noreturn]] void Become(char* mark) {
  char self[] = "/proc/self/exe", name[] = "fixer", route[] = "linger";
  char* const argv[] = {name, route, mark, nullptr};
  execv(self, argv);
  _exit(127);
}

// Until the one that lingers has taken its name, so that a test can look for it.
int AwaitExec(int (*leave)(char*), char* mark) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Failed("pipe");
  const int result = leave(mark);
  close(ends[1]);
  char none;
  while (read(ends[0], &none, 1) > 0) {
  }
  return result;
}

int Linger(int, char**) {
  alarm(kLongest);
  while (true) pause();
}

int ForkAway(char* mark, void (*before)()) {
  const pid_t child = fork();
  if (child != 0) return child < 0 ? Failed("fork") : 0;
  before();
  LetGo();
  Become(mark);
}

int InItsSession(char* mark) {
  return ForkAway(mark, [] { setsid(); });
}
int Twice(char* mark) {
  return ForkAway(mark, [] {
    setsid();
    if (fork() != 0) _exit(0);
    if (chdir("/") != 0) _exit(1);
  });
}
int Deaf(char* mark) {
  return ForkAway(mark, [] {
    setsid();
    IgnoreSignals();
  });
}
int InANamespace(char* mark) {
  return ForkAway(mark, [] {
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0 && fork() != 0) _exit(0);
    setsid();
  });
}

int Session(int, char** argv) {
  return AwaitExec(InItsSession, argv[0]);
}
int DoubleFork(int, char** argv) {
  return AwaitExec(Twice, argv[0]);
}
int DeafChild(int, char** argv) {
  return AwaitExec(Deaf, argv[0]);
}
int Namespace(int, char** argv) {
  return AwaitExec(InANamespace, argv[0]);
}

// Does not end in its time, nor by a signal that can be ignored, and has children that are alike.
int Stubborn(int, char** argv) {
  IgnoreSignals();
  for (int i = 0; i < 5; ++i) AwaitExec(Deaf, argv[0]);
  std::printf("started\n");
  return Linger(0, nullptr);
}

// Keeps its output open, so that a reader of it never sees the end.
int WithOutput(char* mark) {
  const pid_t child = fork();
  if (child != 0) return child < 0 ? Failed("fork") : 0;
  setsid();
  IgnoreSignals();
  Become(mark);
}
int HoldOutput(int, char** argv) {
  return AwaitExec(WithOutput, argv[0]);
}

}  // namespace

const Route kOutlive[] = {{"linger", Linger},          {"session", Session},
                          {"double-fork", DoubleFork}, {"deaf-child", DeafChild},
                          {"namespace", Namespace},    {"stubborn", Stubborn},
                          {"hold-output", HoldOutput}, {nullptr, nullptr}};

}  // namespace fixer
