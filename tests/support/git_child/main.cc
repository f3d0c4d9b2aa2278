#include "adapters/git/git.h"

int main() {
  return regreen::RunGitChild();
}
