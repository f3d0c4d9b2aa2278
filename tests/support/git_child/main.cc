#include "adapters/git/git.h"

// libgit2 never frees PCRE2's match data of a process; the child ends at once, and its environment
// holds no LSAN_OPTIONS.
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libpcre2\n";
}

int main() {
  return regreen::RunGitChild();
}
