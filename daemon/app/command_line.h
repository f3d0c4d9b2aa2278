// The command line, by CLI11 (command_line.cc owns it).
#pragma once

namespace regreen {

// Parses, runs one command, answers its exit code.
int RunCommandLine(int argc, char** argv);

}  // namespace regreen
