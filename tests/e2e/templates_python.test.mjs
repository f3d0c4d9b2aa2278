// The shipped templates for Python's tools, with the real tools.
import assert from 'node:assert/strict';

import {repairs} from './lab/repairs.mjs';

const unformatted = 'import os\nprint( os.name )\n';

repairs({
  template: 'black', name: 'what --check names is formatted', programs: ['black'],
  files: {'src/app.py': unformatted, 'src/good.py': 'x = 1\n', 'README.md': 'left  alone\n'},
  command: 'black --check src', changes: ['src/app.py'],
});
repairs({
  template: 'black', name: 'file names with spaces, quotes and a leading dash', programs: ['black'],
  files: {'-c.py': unformatted, "it's here.py": unformatted, 'a b/"q".py': unformatted, '$(touch x).py': unformatted},
  command: 'black --check --diff -- .', changes: ['-c.py', "it's here.py", 'a b/"q".py', '$(touch x).py'],
});
repairs({
  template: 'isort', name: 'imports are sorted as the failing command would have them', programs: ['isort'],
  files: {'src/app.py': 'import sys\nimport os\n\nprint(os, sys)\n', 'src/good.py': 'import os\n\nprint(os)\n'},
  command: 'isort --profile black --check-only --diff src', changes: ['src/app.py'],
});
repairs({
  template: 'isort', name: 'a check behind make, and names with spaces, quotes and a leading dash', programs: ['isort', 'make'],
  files: {
    Makefile: 'lint:\n\tisort --check --diff .\n',
    '-d.py': 'import sys, os\n', "it's a.py": 'import sys, os\n', 'a b/"q".py': 'import sys, os\n', 'good.py': 'import os\n',
  },
  command: 'make lint', changes: ['-d.py', "it's a.py", 'a b/"q".py'],
});

// A package of stubs that mypy can be given without a network: `requests`, as its stubs package would be.
const wheel = `
import zipfile
with zipfile.ZipFile('wheels/types_requests-2.0-py3-none-any.whl', 'w') as out:
    out.writestr('requests/__init__.pyi', 'class Answer:\\n    text: str\\ndef get(url: str) -> Answer: ...\\n')
    out.writestr('types_requests-2.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: types-requests\\nVersion: 2.0\\n')
    out.writestr('types_requests-2.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    out.writestr('types_requests-2.0.dist-info/RECORD', '')
`;
repairs({
  template: 'type-stubs', name: 'the stubs that mypy asks for go beside mypy', programs: ['mypy', 'pip3'],
  files: {
    'app.py': 'import requests\n\n\ndef size() -> int:\n    return len(requests.get("x").text)\n',
    'requirements.txt': 'flask\n', 'requirements-dev.txt': 'pytest>=7\nmypy==1.0\n',
    'stubs.sh': 'grep types- requirements-dev.txt > .wanted || exit 0\n' +
      'pip3 install -q --no-index --find-links wheels --target .stubs -r .wanted\n',
    '.gitignore': '.stubs\n.wanted\n.mypy_cache\n', 'make_wheel.py': wheel, 'wheels/.keep': '',
  },
  command: 'python3 make_wheel.py; sh stubs.sh; MYPYPATH=.stubs mypy app.py', changes: ['requirements-dev.txt'],
  look: ({read}) => assert.equal(read('requirements-dev.txt'), 'pytest>=7\nmypy==1.0\ntypes-requests\n'),
});
repairs({
  template: 'spelling', name: 'what codespell is sure of is corrected', programs: ['codespell'],
  files: {'docs/guide.txt': 'We recieved teh letter.\n', '-o it\'s.txt': 'teh end\n', 'good.txt': 'the end\n'},
  command: 'codespell .', changes: ['docs/guide.txt', '-o it\'s.txt'],
});
