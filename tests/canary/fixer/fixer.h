// The hostile fixer: a program of the repository that is repaired, which tries to get out. One
// route for each word; it prints what it stole, or "GAINED …" for a power that it should not have.
// It needs nothing but the C library, so that it runs wherever the repository's own programs do.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fixer {

struct Route {
  const char* name;
  int (*run)(int argc, char** argv);  // without the program and the route's name
};

// Each ends with a route that has no name.
extern const Route kReading[];
extern const Route kNetwork[];
extern const Route kEscape[];
extern const Route kOutlive[];
extern const Route kExhaust[];

inline int Failed(const char* what) {
  std::perror(what);
  return 1;
}
inline int Gained(const char* what) {
  std::printf("GAINED %s\n", what);
  return 0;
}
inline long Number(const char* text) {
  return std::strtol(text, nullptr, 0);
}
inline unsigned long Address(const char* text) {
  return std::strtoul(text, nullptr, 0);
}

}  // namespace fixer
