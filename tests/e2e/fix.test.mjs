// `regreen fix` in a developer's own repository: a branch with the repair, and all else as it was.
import assert from 'node:assert/strict';
import {chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {runCommand} from './lab/daemon.mjs';
import {fixedTable, git, makePolicies, regenerateTable, staleTable, writeTree} from './lab/samples.mjs';

// A repository in a folder of its own, with policies beside it.
function inRepository(body, {files = staleTable, templates = {'stale-table': regenerateTable}} = {}) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'regreen-fix-test-'));
    const repo = join(folder, 'widget'), policies = join(folder, 'policies');
    try {
      writeTree(repo, files);
      makePolicies(policies, templates);
      git(repo, 'init', '-q', '-b', 'main');
      git(repo, 'add', '-A');
      git(repo, 'commit', '-q', '-m', 'Start');
      const fix = (...args) => runCommand(['fix', '--repo', repo, '--policies', policies, ...args], {environment: {HOME: folder}});
      await body({repo, fix, folder});
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  };
}

// What is the developer's: everything but branches regreen/… .
function ownState(repo) {
  return {
    head: git(repo, 'rev-parse', 'HEAD'),
    symbolic: readFileSync(join(repo, '.git', 'HEAD'), 'utf8'),
    index: readFileSync(join(repo, '.git', 'index')).toString('base64'),
    config: readFileSync(join(repo, '.git', 'config'), 'utf8'),
    refs: git(repo, 'for-each-ref').split('\n').filter((line) => !line.includes('refs/heads/regreen/')),
    stash: git(repo, 'stash', 'list'),
    status: git(repo, 'status', '--porcelain'),
    table: readFileSync(join(repo, 'table.txt'), 'utf8'),
  };
}
const branches = (repo) => git(repo, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/regreen').split('\n').filter(Boolean);

test('a red check is repaired on a new branch, and nothing else is touched', inRepository(async ({repo, fix}) => {
  writeFileSync(join(repo, 'stashed.txt'), 'kept\n');
  git(repo, 'add', 'stashed.txt');
  git(repo, 'stash');
  git(repo, 'tag', 'v1');
  const before = ownState(repo);
  const {code, stdout, stderr} = await fix('--', 'make', 'check');
  assert.equal(code, 0, stderr);
  assert.deepEqual(ownState(repo), before);
  const [branch, ...others] = branches(repo);
  assert.deepEqual(others, []);
  assert.match(stdout, new RegExp(branch));
  assert.equal(git(repo, 'rev-parse', `${branch}^`), before.head, 'one commit on top of HEAD');
  assert.equal(git(repo, 'diff', '--name-only', `HEAD..${branch}`), 'table.txt');
  assert.equal(git(repo, 'show', `${branch}:table.txt`) + '\n', fixedTable);
}));

test('a template by name, and a report as JSON', inRepository(async ({repo, fix}) => {
  const {code, stdout, stderr} = await fix('--template', 'stale-table', '--json', '--', 'make check');
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout);
  assert.equal(report.template, 'stale-table');
  assert.equal(git(repo, 'rev-parse', report.branch), report.commit);
}));

const refusals = [
  {name: 'a check that is green already', command: ['true'], says: /nothing to repair|succeeds/},
  {name: 'a program that is not there', command: ['no-such-program-here'], says: /program|not found/},
  {name: 'a failure that no template fits', command: ['sh', '-c', 'echo odd; exit 3'], says: /no template/},
  {name: 'a command that hangs', command: ['sleep', '60'], options: ['--timeout', '2s'], says: /hangs|ended after 2s/},
  {name: 'an unknown template', command: ['make', 'check'], options: ['--template', 'stale-tabel'], says: /stale-table/},
  {name: 'an empty command', command: [' '], says: /empty/},
];
for (const {name, command, options = [], says} of refusals) {
  test(`exit 1 and a sentence for ${name}`, inRepository(async ({repo, fix}) => {
    const before = ownState(repo);
    const {code, stderr} = await fix(...options, '--', ...command);
    assert.equal(code, 1, stderr);
    assert.match(stderr, says);
    assert.deepEqual(ownState(repo), before);
    assert.deepEqual(branches(repo), []);
  }));
}

const states = [
  {name: 'a repository with uncommitted changes', says: /uncommitted|commit|dirty/i,
    make: (repo) => writeFileSync(join(repo, 'words.txt'), 'new\n')},
  {name: 'a half-finished merge', says: /merge/i, make: (repo) => {
    writeFileSync(join(repo, '.git', 'MERGE_HEAD'), git(repo, 'rev-parse', 'HEAD') + '\n');
  }},
  {name: 'a half-finished rebase', says: /rebas/i, make: (repo) => {
    writeTree(join(repo, '.git', 'rebase-merge'), {'head-name': 'refs/heads/main\n', onto: git(repo, 'rev-parse', 'HEAD') + '\n'});
  }},
];
for (const {name, make, says} of states) {
  test(`exit 1 and a sentence for ${name}`, inRepository(async ({repo, fix}) => {
    make(repo);
    const before = ownState(repo);
    const {code, stderr} = await fix('--', 'make', 'check');
    assert.equal(code, 1, stderr);
    assert.match(stderr, says);
    assert.deepEqual(ownState(repo), before);
    assert.deepEqual(branches(repo), []);
  }));
}

test('exit 1 and a sentence for a folder that is no repository', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'regreen-fix-none-'));
  try {
    const {code, stderr} = await runCommand(['fix', '--repo', folder, '--', 'false']);
    assert.equal(code, 1);
    assert.match(stderr, /repository/);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

test('exit 1 and a sentence for a repository without a commit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'regreen-fix-unborn-'));
  try {
    git(folder, 'init', '-q');
    const {code, stderr} = await runCommand(['fix', '--repo', folder, '--', 'false']);
    assert.equal(code, 1);
    assert.match(stderr, /commit/);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

test('hooks, filters and fsmonitor of the repository are never run', inRepository(async ({repo, fix, folder}) => {
  const trap = join(folder, 'sprung');
  writeTree(repo, Object.fromEntries(['post-checkout', 'pre-commit', 'post-commit', 'reference-transaction'].map(
    (hook) => [`.git/hooks/${hook}`, `#!/bin/sh\ntouch ${trap}\n`])));
  for (const hook of ['post-checkout', 'pre-commit', 'post-commit', 'reference-transaction']) {
    chmodSync(join(repo, '.git', 'hooks', hook), 0o755);
  }
  git(repo, '-c', 'core.hooksPath=/dev/null', 'config', 'core.fsmonitor', `touch ${trap}; false`);
  const {code, stderr} = await fix('--', 'make', 'check');
  assert.equal(code, 0, stderr);
  assert.throws(() => readFileSync(trap), /ENOENT/);
}));

test('the sandbox does not see the developer\'s files', inRepository(async ({repo, fix, folder}) => {
  writeFileSync(join(folder, 'private.txt'), 'top secret\n');
  symlinkSync(join(folder, 'private.txt'), join(repo, 'link'));
  git(repo, 'add', 'link');
  git(repo, 'commit', '-q', '-m', 'Link');
  const {code, stderr} = await fix('--', `make check; cat link ${join(folder, 'private.txt')} 2>/dev/null; exit 1`);
  assert.equal(code, 1);
  assert.doesNotMatch(stderr, /top secret/);
}));
