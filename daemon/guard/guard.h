// The guard: what may leave a workspace, and what may be said to the world. Pure and linear in the
// size of its input; fails closed: bytes that it cannot read are refused.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "daemon/domain/patch.h"
#include "daemon/domain/plan.h"
#include "daemon/guard/known_secrets.h"
#include "daemon/guard/rules.h"

namespace regreen {

// Every reason at once, in the order of the patch; allowed when none of them refuses. Beside the
// rules' own names:
//   empty, format (not readable, or the bytes and the list of files disagree), name, git-file,
//   mode, submodule, link-target, known-secret, paths, max_files, max_lines;
//   link and binary, which a template's [guard] allow may name as it may the rules.
// Reasons are safe to print and hold nothing of a secret that was found. `secrets` may be null:
// none are known.
Verdict Judge(const Patch& patch, const Plan& plan, const GuardRules& rules,
              const KnownSecrets* secrets);

// Something that is published beside the patch.
struct PublishedText {
  std::string_view what;  // "the change's title"; the file of its findings
  std::string_view text;
};
// Secrets, known or by their looks, and what a reader cannot see. No template can allow any.
Verdict JudgeText(std::span<const PublishedText> texts, const GuardRules& rules,
                  const KnownSecrets* secrets);

// "refused by RULE: FILE:LINE: REASON", or "for a person to see: …".
std::string ToString(const Finding& finding);

}  // namespace regreen
