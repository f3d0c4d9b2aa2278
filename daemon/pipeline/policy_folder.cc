#include "daemon/pipeline/policy_origin.h"

#include <utility>

namespace regreen {
namespace {

class FolderOrigin final : public PolicyOrigin {
 public:
  FolderOrigin(std::string folder, const Clock& clock)
      : folder_(std::move(folder)), clock_(clock) {}

  StatusOr<std::unique_ptr<LivePolicies>> Load(std::stop_token) override {
    Problems problems;
    auto policies = std::make_shared<Policies>(LoadPolicyFolder(folder_, problems));
    RETURN_IF_ERROR(problems.ToStatus());
    return std::make_unique<LivePolicies>(std::move(policies), clock_.Now());
  }

  void Refresh(LivePolicies& live, std::stop_token) override {
    Problems problems;
    Policies read = LoadPolicyFolder(folder_, problems);
    live.Replace(std::move(read), problems, clock_.Now());
  }

 private:
  const std::string folder_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<PolicyOrigin> NewFolderOrigin(std::string folder, const Clock& clock) {
  return std::make_unique<FolderOrigin>(std::move(folder), clock);
}

}  // namespace regreen
