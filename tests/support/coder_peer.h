// The stand-in for a Coder server and for its program (tests/e2e/peers/coder.mjs), as a process
// beside the test. Every request is validated there by Coder's own description.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace regreen {

class CoderPeer {
 public:
  // Files of its own go into `folder`.
  explicit CoderPeer(std::string folder);
  ~CoderPeer();

  // Why it cannot run here; "" when it runs.
  const std::string& missing() const { return missing_; }
  const std::string& url() const { return url_; }
  std::string token_file() const { return folder_ + "/token"; }
  std::string program() const { return folder_ + "/coder"; }
  // What it found wrong so far, and which workspaces are there.
  std::vector<std::string> Problems() const;

 private:
  const std::string folder_;
  std::string url_, missing_;
  std::promise<std::string> first_line_;
  std::jthread process_;  // last: it uses the rest
};

}  // namespace regreen
