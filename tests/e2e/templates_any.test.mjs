// The shipped templates that depend on no language.
import assert from 'node:assert/strict';

import {repairs} from './lab/repairs.mjs';

repairs({
  template: 'whitespace', name: 'what git diff --check names is cleaned', programs: ['git'],
  files: {'a.txt': 'x \ny\n', "it's b.txt": 'x\t\n', '-n.txt': 'z  \n', 'good.txt': 'x\n'},
  command: 'git diff --check $(git hash-object -t tree /dev/null) HEAD --', changes: ['a.txt', "it's b.txt", '-n.txt'],
});

const generator = 'generate:\n\t@LC_ALL=C sort words.txt > table.txt\n\t@mkdir -p out && cp words.txt out/scratch.tmp\n' +
  'check-generated:\n\t@LC_ALL=C sort words.txt | cmp -s - table.txt || { echo "table.txt is out of date, please run \'make generate\' and commit" >&2; exit 1; }\n';
const words = {Makefile: generator, 'words.txt': 'b\na\n', 'table.txt': 'a\n', '.gitattributes': ''};
repairs({
  template: 'generated-code-drift', name: 'a generator and git diff in one command', programs: ['make'],
  files: words, command: 'make generate && git diff --exit-code', changes: ['table.txt'],
  look: ({read}) => assert.equal(read('table.txt'), 'a\nb\n'),
});
repairs({
  template: 'generated-code-drift', name: 'a check that says what to run', programs: ['make'],
  files: {...words, Makefile: generator.replace('\t@mkdir -p out && cp words.txt out/scratch.tmp\n', '')},
  command: 'make check-generated', changes: ['table.txt'],
});
repairs({
  template: 'generated-code-drift', name: 'new files with odd names, where the check asks git status', programs: ['git'],
  files: {'gen.sh': 'printf new > "-a b.txt"\nprintf new > "it\'s.txt"\n'},
  command: 'sh gen.sh\nif [ -n "$(git status --porcelain)" ]; then echo "Error: generated files are out of date"; git status --short; exit 1; fi',
  changes: ['-a b.txt', "it's.txt"],
});

const check = 'missing=$(git grep -LI SPDX-License-Identifier -- "*.c" "*.sh" "*.py"); ' +
  'if [ -n "$missing" ]; then echo "error: missing license header in:"; echo "$missing" | sed "s/^/  /"; exit 1; fi\n';
const spdx = '// SPDX-License-Identifier: MIT\n// Copyright the widget authors\n';
repairs({
  template: 'license-headers', name: 'the form of the other files, below what must stay first', programs: ['git'],
  files: {
    'check.sh': `#!/bin/sh\n# SPDX-License-Identifier: MIT\n\n${check}`,
    'src/a.c': `${spdx}\n// Adds.\nint a;\n`, 'src/b.c': `${spdx}\nint b;\n`, 'src/c.c': 'int c;\n', 'c.c': `${spdx}int cc;\n`,
    "it's -n d.c": '\nint d;\n', 'run.sh': '#!/bin/sh\necho x\n', 'tool.py': 'print(1)\n', 'lib.py': '# SPDX-License-Identifier: MIT\nx = 1\n',
    'notes.txt': 'c.c\n',
  },
  command: 'sh check.sh', changes: ['src/c.c', "it's -n d.c", 'run.sh', 'tool.py'],
  look: ({read}) => {
    assert.equal(read('src/c.c'), `${spdx}\nint c;\n`);
    assert.equal(read("it's -n d.c"), `${spdx}\nint d;\n`);
    assert.equal(read('run.sh'), '#!/bin/sh\n# SPDX-License-Identifier: MIT\n\necho x\n');
    assert.equal(read('tool.py'), '# SPDX-License-Identifier: MIT\n\nprint(1)\n');
  },
});
