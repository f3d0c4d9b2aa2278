// A model's endpoint on loopback, and a proxy that takes everything in the worst way that any
// program has taken it: what the broker's routes do where there is no broker.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/unit/workspace/inner_client.h"

namespace regreen::canary {

class Model {
 public:
  // A call with `redirect` in its target is answered with a redirect to this port of loopback.
  Model(std::string key, int forbidden_port);

  std::string url() const { return server_->url(); }
  int lenient_port() const { return lenient_->port(); }
  // Calls that no set allows, or that say which other method or path they mean; since it was asked
  // last. Those that are allowed are counted.
  std::string Forbidden();
  int allowed() const;

 private:
  void Serve(int fd);
  void ServeLeniently(int fd) const;
  void Forward(const std::string& method, const std::string& target,
               const std::string& headers) const;

  const std::string key_;
  const int forbidden_port_;
  mutable std::mutex mutex_;
  std::string forbidden_;
  int allowed_ = 0;
  std::unique_ptr<OpenServer> server_, lenient_;
};

}  // namespace regreen::canary
