#include "adapters/forge/client/refusal.h"

#include "daemon/base/text.h"

namespace regreen {

Status Refusal(const RefusalWords& words, int status, std::string_view what,
               std::string_view said) {
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 308:
      return NotFound(
          Cat(what, ": it was renamed or moved; use its new name in the configuration"));
    case 401:
      return Unauthenticated(Cat(what, ": ", words.platform, " refused the token (", said,
                                 "); it is wrong, expired or revoked. ", words.new_token,
                                 ", and give it to the forge's token"));
    case 403:
      return PermissionDenied(Cat(what, ": the token may not do this (", said, "); ",
                                  words.more_rights,
                                  ", or take the repository out of the forge's repos"));
    case 404:
    case 410:
      return NotFound(
          Cat(what, ": ", words.platform, " has no such thing, or the token may not see it"));
    case 408:
    case 409:
      return Aborted(Cat(what, ": ", said));
    default:
      break;
  }
  if (status >= 500)
    return Unavailable(Cat(what, ": ", words.platform, " failed with status ", status));
  return InvalidArgument(Cat(what, ": ", words.platform, " refused it: ", said));
}

}  // namespace regreen
