#include <cstdio>
#include <exception>

#include "daemon/app/command_line.h"

int main(int argc, char** argv) {
  try {
    return regreen::RunCommandLine(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "regreen: internal error: %s\n", error.what());
    return 1;
  }
}
