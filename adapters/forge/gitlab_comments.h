// Comments (notes) on GitLab: who wrote them, and answers. Sources: docs.gitlab.com, "REST API"
// (members, merge requests, emoji reactions, notes).
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "adapters/forge/gitlab_api.h"
#include "daemon/ports/forge_comments.h"

namespace regreen {

class GitlabComments final : public ForgeComments {
 public:
  using RepoCheck = std::function<Status(const std::string& repo)>;

  // `api` outlives it. `site`: where people look.
  GitlabComments(const GitlabApi& api, std::string site, RepoCheck check)
      : api_(api), site_(std::move(site)), check_(std::move(check)) {}

  StatusOr<bool> MayWrite(const CommentEvent& comment, std::stop_token stop) override;
  StatusOr<CommentedChange> ReadCommented(const CommentEvent& comment,
                                          std::stop_token stop) override;
  Status React(const CommentEvent& comment, Reaction reaction, std::stop_token stop) override;
  StatusOr<std::string> Reply(const CommentEvent& comment, const std::string& body,
                              const std::string& marker, std::stop_token stop) override;

 private:
  const GitlabApi& api_;
  const std::string site_;
  const RepoCheck check_;
};

}  // namespace regreen
