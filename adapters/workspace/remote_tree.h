// The tree of a remote workspace, by what its machine says.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/git/tree.h"
#include "adapters/workspace/remote.h"
#include "adapters/workspace/remote_script.h"

namespace regreen {

// What ListScript printed. InvalidArgument when it is not of that form, as when a file can be named
// but not looked at.
StatusOr<std::vector<ListedEntry>> ParseListing(std::string_view printed);
// Cuts bytes into the listed sizes, with so many bytes between them that are dropped.
StatusOr<std::vector<std::string>> CutBySize(std::string_view bytes,
                                             const std::vector<const ListedEntry*>& entries,
                                             std::size_t between);

// All is borrowed. One thread.
class RemoteTree final : public ListedTree {
 public:
  RemoteTree(const RemoteEngine& engine, const RemotePlace& place, std::stop_token stop)
      : engine_(engine), place_(place), stop_(std::move(stop)) {}
  StatusOr<std::vector<ListedEntry>> List() override;
  StatusOr<std::vector<std::string>> Read(const std::vector<const ListedEntry*>& entries) override;
  StatusOr<std::vector<std::string>> Identify(
      const std::vector<const ListedEntry*>& entries) override;

 private:
  StatusOr<std::string> Ask(std::string script, std::string input, std::size_t max_bytes) const;
  StatusOr<std::vector<std::string>> ReadKind(const std::vector<const ListedEntry*>& entries,
                                              std::string script, std::size_t between) const;

  const RemoteEngine& engine_;
  const RemotePlace& place_;
  const std::stop_token stop_;
};

}  // namespace regreen
