#include <cstdio>
int main() {
  std::puts("regreen");
  return 0;
}
