// Checked-out trees that workspaces lie upon, one for each repository and commit, shared and never
// written after they were made. A new one is made of the last used one of its repository by hard
// links and what differs. Any thread, and any number of processes that share the folder.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "adapters/git/tree.h"
#include "daemon/base/file.h"
#include "daemon/base/mutex.h"
#include "daemon/base/status.h"

namespace regreen {

// A base in use: it is not removed as long as this lives.
class BaseTree {
 public:
  BaseTree(CheckoutSpec checkout, UniqueFd lock)
      : checkout_(std::move(checkout)), lock_(std::move(lock)) {}
  const CheckoutSpec& checkout() const { return checkout_; }

 private:
  CheckoutSpec checkout_;
  UniqueFd lock_;
};

struct BaseCacheOptions {
  std::string directory;
  // Of all bases together. Each counts in full though bases share files, so that the disk never
  // holds more. One that is in use stays.
  std::uint64_t max_bytes = std::uint64_t{20} << 30;
};

class BaseCache {
 public:
  explicit BaseCache(BaseCacheOptions options) : options_(std::move(options)) {}

  // `alternates` as CheckoutSpec says; the same for all workspaces of a repository.
  StatusOr<BaseTree> Acquire(const std::string& mirror, const std::string& commit,
                             const std::string& alternates, std::stop_token stop);
  // One that is there already; NotFound otherwise.
  StatusOr<BaseTree> Hold(const std::string& mirror, const std::string& commit,
                          const std::string& alternates);
  // Removes what a killed process left half made.
  Status Reap();

 private:
  StatusOr<BaseTree> TryTake(const CheckoutSpec& spec, const std::string& folder);
  Status Make(CheckoutSpec spec, const std::string& folder);
  StatusOr<CheckoutSpec> Newest(const CheckoutSpec& like, UniqueFd& lock);
  Status Shrink();

  const BaseCacheOptions options_;
  Mutex making_;  // one at a time: two would each write what the other could link
};

}  // namespace regreen
