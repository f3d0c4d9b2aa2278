#include "fixer.h"

#include <initializer_list>

int main(int argc, char** argv) {
  using fixer::Route;
  std::setvbuf(stdout, nullptr, _IONBF, 0);
  for (const Route* routes :
       {fixer::kReading, fixer::kNetwork, fixer::kEscape, fixer::kOutlive, fixer::kExhaust}) {
    for (const Route* route = routes; route->name != nullptr; ++route) {
      if (argc > 1 && std::strcmp(argv[1], route->name) == 0) return route->run(argc - 2, argv + 2);
    }
  }
  std::fprintf(stderr, "there is no such route\n");
  return 64;
}
