// A person's terminal, lent to a command by way of a pseudo-terminal: what the command does to its
// own, it does not do to the person's.
#pragma once

#include <termios.h>

#include <memory>
#include <thread>

#include "daemon/base/file.h"
#include "daemon/base/status.h"

namespace regreen {

class TerminalRelay {
 public:
  // From now on standard input goes to the pseudo-terminal as it is typed, and what is printed
  // there to standard output, on a thread of its own; the size of the window follows.
  // FailedPrecondition when standard input is no terminal.
  static StatusOr<std::unique_ptr<TerminalRelay>> Start();
  ~TerminalRelay();  // the person's terminal is as it was
  TerminalRelay(const TerminalRelay&) = delete;

  int inner() const { return inner_.get(); }  // for ProcessSpec::terminal

 private:
  TerminalRelay() = default;
  void Run();
  void FollowSize();

  UniqueFd outer_, inner_, stop_;
  termios before_ = {};
  std::thread thread_;
};

}  // namespace regreen
