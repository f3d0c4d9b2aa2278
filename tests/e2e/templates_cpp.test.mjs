// The shipped templates for C and C++, with the real tools.
import assert from 'node:assert/strict';

import {repairs} from './lab/repairs.mjs';

const style = 'BasedOnStyle: Google\n';
const loose = 'int main( ) {return 0;}\n';
repairs({
  template: 'clang-format', name: 'what the dry run complains of is formatted', programs: ['clang-format'],
  files: {'.clang-format': style, 'src/a.cc': loose, 'src/good.cc': 'int good() { return 1; }\n'},
  command: 'clang-format --dry-run --Werror src/*.cc', changes: ['src/a.cc'],
});
repairs({
  template: 'clang-format', name: 'file names with spaces, quotes and a leading dash', programs: ['clang-format'],
  files: {'.clang-format': style, '-i.cc': loose, "it's a.cc": loose, 'a b/"q".cc': loose},
  command: 'git ls-files -z "*.cc" | xargs -0 clang-format --dry-run --Werror --', changes: ['-i.cc', "it's a.cc", 'a b/"q".cc'],
});

repairs({
  template: 'missing-include', name: 'headers go where GCC says, one round after another', programs: ['g++', 'make'],
  files: {
    Makefile: 'all:\n\t@$(MAKE) --no-print-directory -C src all\n', '.gitignore': '*.o\n',
    'src/Makefile': 'all: a.o b.o\n%.o: %.cc\n\tg++ -c -o $@ $<\n%.o: %.c\n\tgcc -Werror -c -o $@ $<\n',
    'src/a.cc': '// A widget.\n#include <cstdio>\n\nint main() {\n  std::string s = "x";\n  std::printf("%s %zu", s.c_str(), strlen("a"));\n}\n',
    'src/b.c': 'unsigned size(const char *text) {\n  printf("%s", text);\n  return (uint32_t)strlen(text);\n}\n',
  },
  command: 'make -k -C src', changes: ['src/a.cc', 'src/b.c'],
  look: ({read}) => {
    assert.match(read('src/a.cc'), /^\/\/ A widget\.\n#include <cstdio>\n(#include <(string|cstring)>\n){2}\nint main/);
    assert.match(read('src/b.c'), /^(#include <(stdio|stdint|string)\.h>\n){3}unsigned size/);
  },
});
repairs({
  template: 'missing-include', name: 'Clang, and a name with a quote and a leading dash', programs: ['clang'],
  files: {"-it's.c": 'int main(void) {\n  return printf("x");\n}\n'},
  command: 'clang -Werror -fsyntax-only "./-it\'s.c"', changes: ["-it's.c"],
  look: ({read}) => assert.match(read("-it's.c"), /^#include <stdio\.h>\nint main/),
});
