// Paths that tests need. One file knows them, so that every other compiles alike in every clone.
#pragma once

#include <string>

namespace regreen {

std::string SourceFolder();  // the root of the source tree
std::string GitChild();      // a program that stands for `regreen internal-git`

std::string ForwardChild();  // the program `regreen-forward`

}  // namespace regreen
