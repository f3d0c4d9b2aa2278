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
