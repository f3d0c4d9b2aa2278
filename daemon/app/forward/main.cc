// The inner half of a sandbox's network, alone in a program that is linked to little: a command
// that may reach something waits for its start. The whole program does the same by that name.
#include "adapters/workspace/forwarder.h"

// The first argument is the command's own name, as with the whole program.
// Leaks are looked for by way of ptrace, which the sandbox denies.
extern "C" int __lsan_is_turned_off();  // NOLINT(bugprone-reserved-identifier)
extern "C" int __lsan_is_turned_off() {
  return 1;
}

int main(int argc, char** argv) {
  return regreen::RunForwarder({argv + (argc < 2 ? argc : 2), argv + argc});
}
