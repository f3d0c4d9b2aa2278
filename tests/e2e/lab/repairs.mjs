// Samples of the shipped templates: a repository that is red by a real tool, repaired by `regreen fix`
// in the sandbox, and looked at with the same tool outside of it.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {test} from 'node:test';

import {runCommand} from './daemon.mjs';
import {git, sourceRoot, writeTree} from './samples.mjs';

const modules = join(dirname(fileURLToPath(import.meta.url)), '..', 'node_modules');

// The programs that the sandbox sees are those of the system.
const systemPath = '/usr/local/bin:/usr/bin:/bin:/usr/local/go/bin';

function isThere(program) {
  return systemPath.split(':').some((folder) => existsSync(join(folder, program)));
}

// A package of tests/e2e/node_modules and what it needs, in the repository itself: the sandbox has no
// network, and sees nothing else.
function bringPackage(repo, name) {
  const wanted = [name], seen = new Set();
  while (wanted.length > 0) {
    const next = wanted.pop();
    if (seen.has(next) || !existsSync(join(modules, next))) continue;
    seen.add(next);
    const plain = (path) => !/\.(map|md|d\.[cm]?ts)$/.test(path);
    cpSync(join(modules, next), join(repo, 'node_modules', next), {recursive: true, filter: plain});
    wanted.push(...needs(join(modules, next)));
  }
  const {bin} = describe(join(modules, name));
  mkdirSync(join(repo, 'node_modules', '.bin'), {recursive: true});
  for (const [program, file] of Object.entries(typeof bin === 'string' ? {[name]: bin} : bin)) {
    symlinkSync(join('..', name, file), join(repo, 'node_modules', '.bin', program));
  }
}

function describe(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

// The names of what a package needs, and of what the packages need that it brings itself.
function needs(folder) {
  const {dependencies, optionalDependencies, peerDependencies} = describe(folder);
  const names = Object.keys({...dependencies, ...optionalDependencies, ...peerDependencies});
  const own = join(folder, 'node_modules');
  const brought = existsSync(own) ? readdirSync(own).flatMap(
    (each) => each.startsWith('@') ? readdirSync(join(own, each)).map((part) => join(each, part)) : each) : [];
  const described = brought.filter((each) => existsSync(join(own, each, 'package.json')));
  return [...names, ...described.flatMap((each) => needs(join(own, each)))];
}

// Why a sample cannot be tried here, or false.
function missing({programs = [], packages = []}) {
  const lacking = [...programs.filter((program) => !isThere(program)).map((program) => `the program ${program}`),
    ...packages.filter((name) => !existsSync(join(modules, name))).map((name) => `the npm package ${name}`)];
  return lacking.length > 0 && `not here: ${lacking.join(', ')}`;
}

function commitAll(repo) {
  git(repo, 'init', '-q', '-b', 'main');
  git(repo, '-c', 'core.looseCompression=0', 'add', '-A', '-f');
  git(repo, 'commit', '-q', '-m', 'Start');
}

function runOutside(repo, command) {
  return spawnSync('bash', ['-e', '-o', 'pipefail', '-c', command], {cwd: repo, encoding: 'utf8',
    env: {PATH: systemPath, HOME: join(repo, '..', 'home'), LANG: 'C.UTF-8', CI: 'true', GOFLAGS: '-buildvcs=false',
      GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null'}});
}

// A sample: the template that must be chosen; `files` of the repository; the red `command`; `changes`, the
// only files that the repair may touch, by name; `look` looks at what else matters; what it needs here.
export function repairs(sample) {
  const {name, template, files, command, changes, look = () => {}, prepare = () => {}} = sample;
  test(`${template}: ${name}`, {skip: missing(sample)}, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'regreen-template-'));
    const repo = join(folder, 'widget');
    try {
      mkdirSync(join(folder, 'home'));
      writeTree(repo, files);
      for (const each of sample.packages ?? []) bringPackage(repo, each);
      prepare(repo);
      commitAll(repo);
      const {code, stdout, stderr} = await runCommand(
        ['fix', '--repo', repo, '--policies', join(sourceRoot, 'policies'), '--json', '--', command],
        {environment: {HOME: join(folder, 'home'), PATH: `${systemPath}:${process.env.PATH}`}});
      assert.equal(code, 0, stderr);
      const report = JSON.parse(stdout);
      assert.equal(report.template, template, stderr);
      const changed = execFileSync('git', ['-C', repo, 'diff', '--name-only', '-z', `main..${report.branch}`], {encoding: 'utf8'});
      assert.deepEqual(changed.split('\0').filter(Boolean).sort(), [...changes].sort(), report.patch);
      git(repo, 'checkout', '-q', report.branch);
      const green = runOutside(repo, command);
      assert.equal(green.status, 0, `still red after the repair:\n${green.stdout}${green.stderr}\n${report.patch}`);
      look({repo, patch: report.patch, read: (path) => readFileSync(join(repo, path), 'utf8')});
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  });
}
