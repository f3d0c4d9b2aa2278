// The shipped templates for Python's tools, with the real tools.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {repairs} from './lab/repairs.mjs';

const unformatted = 'import os\nprint( os.name )\n';

repairs({
  template: 'black', name: 'what --check names, and names with spaces, quotes and a leading dash', programs: ['black'],
  files: {
    'src/app.py': unformatted, 'src/good.py': 'x = 1\n', 'README.md': 'left  alone\n',
    '-c.py': unformatted, "it's here.py": unformatted, 'a b/"q".py': unformatted, '$(touch x).py': unformatted,
  },
  command: 'black --check --diff -- .', changes: ['src/app.py', '-c.py', "it's here.py", 'a b/"q".py', '$(touch x).py'],
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

// What installs the stubs that the requirements name, without a network.
const install = 'grep -oE "types-[a-z]+" requirements-dev.txt | while read -r stubs; do\n' +
  '  mkdir -p .stubs && cp -r "packages/$stubs/." .stubs/\ndone\n';
repairs({
  template: 'type-stubs', name: 'the stubs that mypy asks for go beside mypy', programs: ['mypy'],
  files: {
    'app.py': 'import requests\n\n\ndef size() -> int:\n    return len(requests.get("x").text)\n',
    'requirements.txt': 'flask\n', 'requirements-dev.txt': 'pytest>=7\nmypy==1.0\n',
    'packages/types-requests/requests/__init__.pyi': 'class Answer:\n    text: str\n\ndef get(url: str) -> Answer: ...\n',
    'install.sh': install, '.gitignore': '.stubs\n.mypy_cache\n',
  },
  command: 'sh install.sh; MYPYPATH=.stubs mypy app.py', changes: ['requirements-dev.txt'],
  look: ({read}) => assert.equal(read('requirements-dev.txt'), 'pytest>=7\nmypy==1.0\ntypes-requests\n'),
});
repairs({
  template: 'spelling', name: 'what codespell is sure of is corrected', programs: ['codespell'],
  files: {'docs/guide.txt': 'We recieved teh letter.\n', '-o it\'s.txt': 'teh end\n', 'good.txt': 'the end\n'},
  command: 'codespell .', changes: ['docs/guide.txt', '-o it\'s.txt'],
});

const pyproject = (...parts) => '[tool.poetry]\nname = "widget"\nversion = "0.1.0"\ndescription = ""\nauthors = []\n\n' +
  '[tool.poetry.dependencies]\npython = "^3.8"\n' + parts.map((name) => `${name} = {path = "${name}"}\n`).join('');
const pythonPart = (name) => ({[`${name}/pyproject.toml`]: pyproject().replace('widget', name), [`${name}/${name}.py`]: ''});
repairs({
  template: 'poetry-lockfile-drift', name: 'a dependency that pyproject.toml alone knows', programs: ['poetry'],
  files: {...pythonPart('gear'), ...pythonPart('tooth'), 'pyproject.toml': pyproject('gear')},
  prepare: (repo) => {
    execFileSync('poetry', ['lock', '--no-interaction', '--quiet'], {cwd: repo});
    writeFileSync(join(repo, 'pyproject.toml'), pyproject('gear', 'tooth'));
  },
  command: 'poetry lock --check', changes: ['poetry.lock'],
  look: ({read}) => assert.match(read('poetry.lock'), /name = "gear"[^]*name = "tooth"/),
});
