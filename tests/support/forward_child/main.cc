#include "adapters/workspace/forwarder.h"

// The first argument is the command's own name, as with the whole program.
int main(int argc, char** argv) {
  return regreen::RunForwarder({argv + (argc < 2 ? argc : 2), argv + argc});
}
