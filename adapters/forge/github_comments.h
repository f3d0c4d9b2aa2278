// Comments on GitHub: who wrote them, and answers. Sources: docs.github.com, "REST API"
// (collaborators, pulls, reactions, issue comments).
#pragma once

#include <stop_token>
#include <string>
#include <utility>

#include "adapters/forge/github_api.h"
#include "daemon/ports/forge_comments.h"

namespace regreen {

class GithubComments final : public ForgeComments {
 public:
  explicit GithubComments(GithubApiFor api_for) : api_for_(std::move(api_for)) {}

  StatusOr<bool> MayWrite(const CommentEvent& comment, std::stop_token stop) override;
  StatusOr<CommentedChange> ReadCommented(const CommentEvent& comment,
                                          std::stop_token stop) override;
  Status React(const CommentEvent& comment, Reaction reaction, std::stop_token stop) override;
  StatusOr<std::string> Reply(const CommentEvent& comment, const std::string& body,
                              const std::string& marker, std::stop_token stop) override;

 private:
  const GithubApiFor api_for_;
};

}  // namespace regreen
