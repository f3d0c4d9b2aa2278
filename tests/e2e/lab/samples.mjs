// Repositories and policies for tests. Nothing here needs more than git, make and coreutils.
import {execFileSync} from 'node:child_process';
import {cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

export const sourceRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

const identity = {
  GIT_AUTHOR_NAME: 'Dev', GIT_AUTHOR_EMAIL: 'dev@example.com',
  GIT_COMMITTER_NAME: 'Dev', GIT_COMMITTER_EMAIL: 'dev@example.com',
  GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null',
};

export function git(folder, ...args) {
  return execFileSync('git', ['-C', folder, ...args],
    {encoding: 'utf8', env: {...process.env, ...identity}, stdio: ['ignore', 'pipe', 'pipe']}).trim();
}

export function writeTree(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), {recursive: true});
    writeFileSync(join(folder, path), text);
  }
}

// A repository whose check is red: table.txt is generated from words.txt and is out of date.
export const staleTable = {
  Makefile: 'check:\n' +
    '\t@LC_ALL=C sort -u words.txt | cmp -s - table.txt || ' +
    '{ echo "error: table.txt is out of date: run make table" >&2; exit 1; }\n' +
    'table:\n\tLC_ALL=C sort -u words.txt > table.txt\n',
  'words.txt': 'pear\napple\nfig\napple\n',
  'table.txt': 'apple\npear\n',
  'README.md': '# widget\n',
  '.github/workflows/ci.yml': 'name: CI\non: [push]\njobs:\n  build:\n    runs-on: ubuntu-latest\n' +
    '    steps:\n      - name: Checkout\n        uses: actions/checkout@v4\n' +
    '      - name: Check\n        run: make check\n',
  '.gitlab-ci.yml': 'default:\n  image: debian:12\nbuild:\n  stage: test\n  script:\n    - make check\n',
};
export const fixedTable = 'apple\nfig\npear\n';

// The log of that check as GitHub Actions gives it.
export function actionsLog(lines = [
  '##[group]Run make check', '\u001b[36;1mmake check\u001b[0m', 'shell: /usr/bin/bash -e {0}', '##[endgroup]',
  'error: table.txt is out of date: run make table', 'make: *** [Makefile:2: check] Error 1',
  '##[error]Process completed with exit code 2.',
]) {
  return lines.map((line, i) => `2024-05-01T10:00:0${i % 10}.1234567Z ${line}\n`).join('');
}

// The log of that check as GitLab's runner writes it.
export function jobTrace() {
  const section = (kind, at, name, rest) => `section_${kind}:${at}:${name}\r\u001b[0K${rest}`;
  return ['\u001b[0KRunning with gitlab-runner 17.5.0 (85f9a8ee)\u001b[0;m',
    section('start', 1714557600, 'step_script', '\u001b[0K\u001b[36;1mExecuting "step_script" stage of the job script\u001b[0;m'),
    '\u001b[32;1m$ make check\u001b[0;m', 'error: table.txt is out of date: run make table',
    'make: *** [Makefile:2: check] Error 1',
    section('end', 1714557660, 'step_script', '\u001b[0K\u001b[31;1mERROR: Job failed: exit code 2\u001b[0;m'), '',
  ].join('\n');
}

// The same with another table, so that its failure is another one; `kind` is a word.
export function staleTableOf(kind) {
  const named = (text) => text.replaceAll('table.txt', `${kind}.txt`);
  return Object.fromEntries(Object.entries(staleTable).map(([file, text]) => [named(file), named(text)]));
}
export function actionsLogOf(kind) { return actionsLog().replaceAll('table.txt', `${kind}.txt`); }

// A bare repository <root>/<name>.git with the tree on main. Answers the commit.
export function makeRemote(root, name, files) {
  const bare = join(root, `${name}.git`);
  mkdirSync(dirname(bare), {recursive: true});
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  git(bare, 'config', 'http.receivepack', 'true');
  return commitTo(root, name, files, 'Start');
}

// Commits files on top of a branch of the remote (a new one starts at main), as a developer would.
export function commitTo(root, name, files, message, branch = 'main') {
  const bare = join(root, `${name}.git`);
  const work = mkdtempSync(join(root, 'clone-'));
  try {
    git(work, 'init', '-q', '-b', branch);
    const start = [branch, 'main'].find((name) => git(bare, 'branch', '--list', name));
    if (start) git(work, 'pull', '-q', bare, start);
    writeTree(work, files);
    git(work, 'add', '-A');
    git(work, 'commit', '-q', '--allow-empty', '-m', message);
    git(work, 'push', '-q', bare, `HEAD:refs/heads/${branch}`);
    return git(work, 'rev-parse', 'HEAD');
  } finally {
    rmSync(work, {recursive: true, force: true});
  }
}

export const regenerateTable = `
name  = "stale-table"
title = "Regenerate a table that is out of date"
stage = "suggest"
[match]
log = ['table\\.txt is out of date']
[[step]]
name = "regenerate"
run  = "make table"
[verify]
command = "auto"
[guard]
paths     = ["table.txt"]
max_files = 1
[change]
title  = "Regenerate table.txt"
labels = ["regreen", "generated"]
`;

// Repairs whatever table is out of date.
export const regenerateAny = regenerateTable.replace("'table\\.txt", "'[a-z]+\\.txt").replace('"table.txt"', '"*.txt"');

// A policies folder with the shipped rules and guard, and these templates alone.
export function makePolicies(folder, templates) {
  for (const shipped of ['rules', 'guard']) {
    cpSync(join(sourceRoot, 'policies', shipped), join(folder, shipped), {recursive: true});
  }
  const named = Object.entries(templates).map(([name, text]) => [`templates/${name}.toml`, text]);
  writeTree(folder, Object.fromEntries(named));
}
