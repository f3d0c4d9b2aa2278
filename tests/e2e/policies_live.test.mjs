// Policies change while the daemon runs: on its disk, in a git repository, and first of all in a CI job
// that asks whether they would do.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {commitTo, makePolicies, makeRemote, regenerateTable} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

const token = 'a-token-of-the-end-to-end-tests';
const api = '[api.ci]\ntoken = "env:REGREEN_E2E_API"\n';
const environment = {REGREEN_E2E_API: token};
const renamed = regenerateTable.replace('"stale-table"', '"second-edition"');

function ask(lab, path, {method = 'GET', body, headers = {}} = {}) {
  return fetch(`${lab.daemon.url}/api/v1/${path}`, {
    method, body: body && JSON.stringify(body),
    headers: {authorization: `Bearer ${token}`, ...(body ? {'content-type': 'application/json'} : {}), ...headers},
  });
}

async function inForce(lab) { return (await ask(lab, 'policies')).json(); }

function untilPolicies(lab, what, fits) {
  let last;
  return until(what, async () => (last = await inForce(lab), fits(last) && last), {seconds: 30, seen: () => JSON.stringify(last)});
}

const templateNames = (policies) => policies.templates.map((t) => t.name).join();

test('an edit on disk is in force a moment later, for the next failure and not for the running task',
  inLab({config: {kind: 'worktree', api}}, async (lab) => {
    await lab.daemon.start({environment});
    const before = await inForce(lab);
    const file = join(lab.folder, 'policies', 'templates', 'stale-table.toml');
    writeFileSync(`${file}.new`, renamed);
    renameSync(`${file}.new`, file);
    const after = await untilPolicies(lab, 'the edit is in force', (p) => templateNames(p) === 'second-edition');
    assert.notEqual(after.digest, before.digest);
    assert.equal(after.origin, `folder ${lab.folder}/policies`);
    await lab.deliverRun(lab.failedRun());
    assert.equal((await lab.taskIn('watching')).template, 'second-edition');

    const metrics = await lab.daemon.metrics();
    assert.match(metrics, /^regreen_policies_valid 1$/m);
    assert.match(metrics, /^regreen_policy_reloads_total\{outcome="changed"\} 1$/m);
    assert.ok(metrics.includes(`regreen_policies_info{digest="${after.digest}"} 1`));
    assert.ok(!metrics.includes(before.digest), 'the old digest is gone');
  }));

test('a mistake is refused, said in the log, the metrics and the API, and mended by the next edit',
  inLab({config: {kind: 'worktree', api}}, async (lab) => {
    await lab.daemon.start({environment});
    const before = await inForce(lab);
    const file = join(lab.folder, 'policies', 'templates', 'stale-table.toml');
    writeFileSync(file, regenerateTable.replace('stage =', 'stagee ='));
    const refused = await untilPolicies(lab, 'the mistake is refused', (p) => !p.valid);
    assert.equal(refused.digest, before.digest);
    const [problem] = refused.refused.problems;
    assert.equal(problem.file, file);
    assert.equal(problem.line, 4);
    assert.match(problem.message, /did you mean "stage"\?/);
    assert.match(await lab.daemon.metrics(), /^regreen_policies_valid 0$/m);

    const refusals = () => lab.daemon.lines().filter((l) => /policies were refused/.test(JSON.stringify(l)));
    assert.equal(refusals().length, 1);
    assert.match(JSON.stringify(refusals()[0]), /stagee/);
    const count = async () => Number((await lab.daemon.metrics()).match(/^regreen_policy_reloads_total\{outcome="refused"\} (\d+)$/m)[1]);
    const read = await count();
    lab.daemon.child.kill('SIGHUP');
    await until('SIGHUP reads it again', async () => await count() > read);
    assert.equal(refusals().length, 1, 'one failure is said once');

    await lab.deliverRun(lab.failedRun());
    assert.equal((await lab.taskIn('watching')).template, 'stale-table', 'the last good set is in force');
    writeFileSync(file, renamed);
    await untilPolicies(lab, 'it is mended', (p) => p.valid && templateNames(p) === 'second-edition');
    assert.match(await lab.daemon.metrics(), /^regreen_policies_valid 1$/m);
  }));

test('the whole folder is replaced, as a deployment does', inLab({config: {kind: 'worktree', api}}, async (lab) => {
  await lab.daemon.start({environment});
  const folder = join(lab.folder, 'policies');
  renameSync(folder, `${folder}.old`);
  await untilPolicies(lab, 'a missing folder is refused', (p) => !p.valid);
  makePolicies(`${folder}.new`, {second: renamed});
  renameSync(`${folder}.new`, folder);
  await untilPolicies(lab, 'the new folder is in force', (p) => p.valid && templateNames(p) === 'second-edition');
}));

test('at the start a mistake is fatal, with all of them', inLab({config: {kind: 'worktree'}}, async (lab) => {
  makePolicies(join(lab.folder, 'policies'), {one: 'stagee = 1\n', two: 'name = "two"\n'});
  const {code, stderr} = await lab.daemon.command('serve');
  assert.equal(code, 1);
  assert.match(stderr, /one\.toml:1:\d+:.*stagee/);
  assert.match(stderr, /two\.toml.*\[\[step\]\]/);
}));

test('a CI job asks whether an edit would do before it is merged', inLab({config: {kind: 'worktree', api}}, async (lab) => {
  await lab.daemon.start({environment});
  const check = async (files, more = {}) => (await ask(lab, 'policies/check', {method: 'POST', body: {files, ...more}})).json();
  const good = await check({'templates/new.toml': renamed});
  assert.deepEqual(good.problems.map((p) => [p.severity, p.file]), [['warning', 'templates/stale-table.toml']],
    'the old template would never be chosen beside the new one');
  assert.equal(good.ok, true);
  const bad = await check({'templates/new.toml': renamed.replace('max_files', 'max_file')});
  assert.equal(bad.ok, false);
  const {message, column: _, ...place} = bad.problems.find((p) => p.severity === 'error');
  assert.deepEqual(place, {file: 'templates/new.toml', line: 14, severity: 'error'});
  assert.match(message, /did you mean "max_files"\?/);
  assert.equal(templateNames(await inForce(lab)), 'stale-table', 'nothing was changed');

  const stranger = await ask(lab, 'policies', {headers: {authorization: 'Bearer of-nothing'}});
  assert.equal(stranger.status, 401);
  assert.equal(stranger.headers.get('content-type'), 'application/problem+json');
  const etag = (await ask(lab, 'policies')).headers.get('etag');
  assert.equal((await ask(lab, 'policies', {headers: {'if-none-match': etag}})).status, 304);
  assert.ok(!lab.daemon.log().includes(token), 'the token is in no log');
}));

test('without a token the API answers nobody', inLab({config: {kind: 'worktree'}}, async (lab) => {
  await lab.daemon.start();
  const answer = await ask(lab, 'policies');
  assert.equal(answer.status, 403);
  assert.match((await answer.json()).detail, /\[api\.NAME\]/);
}));

const follows = (every) => (folder) =>
  `remote = "${folder}/remotes/ops/policies.git"\npath = "ci"\nevery = "${every}"`;

// The set as files of a repository, below ci/.
function policyFiles(lab, template) {
  const files = {'ci/templates/one.toml': template};
  for (const kind of ['rules', 'guard']) {
    for (const name of readdirSync(join(lab.folder, 'policies', kind))) {
      files[`ci/${kind}/${name}`] = readFileSync(join(lab.folder, 'policies', kind, name), 'utf8');
    }
  }
  return files;
}

test('policies are followed in git: a push is in force, a bad one is not, and a restart needs no remote',
  inLab({config: {kind: 'worktree', api, policies: follows('1s')}}, async (lab) => {
    const first = makeRemote(lab.remotes, 'ops/policies', policyFiles(lab, regenerateTable));
    await lab.daemon.start({environment});
    const remote = `${lab.remotes}/ops/policies.git`;
    assert.equal((await inForce(lab)).origin, `git ${remote} main at ${first}`);

    const push = (text) => commitTo(lab.remotes, 'ops/policies', {'ci/templates/one.toml': text}, 'Edit');
    const second = push(renamed);
    const after = await untilPolicies(lab, 'the push is in force', (p) => templateNames(p) === 'second-edition');
    assert.equal(after.origin, `git ${remote} main at ${second}`);
    await lab.deliverRun(lab.failedRun());
    assert.equal((await lab.taskIn('watching')).template, 'second-edition');

    const bad = push('name = "bad"\n');
    const refused = await untilPolicies(lab, 'the bad push is refused', (p) => !p.valid);
    assert.equal(refused.refused.origin, `git ${remote} main at ${bad}`);
    assert.equal(refused.refused.problems[0].file, 'ci/templates/one.toml');
    assert.equal(refused.digest, after.digest);

    await lab.daemon.stop();
    rmSync(remote, {recursive: true});
    await lab.daemon.start({environment});
    const restarted = await untilPolicies(lab, 'the remote is missed', (p) => p.unread);
    assert.equal(restarted.digest, after.digest);
    assert.equal(restarted.valid, true);
    assert.match(await lab.daemon.metrics(), /^regreen_policy_reloads_total\{outcome="unread"\} [1-9]/m);
  }));

test('SIGHUP asks the remote at once', inLab({config: {kind: 'worktree', api, policies: follows('1h')}}, async (lab) => {
  makeRemote(lab.remotes, 'ops/policies', policyFiles(lab, regenerateTable));
  await lab.daemon.start({environment});
  commitTo(lab.remotes, 'ops/policies', {'ci/templates/one.toml': renamed}, 'Edit');
  lab.daemon.child.kill('SIGHUP');
  await untilPolicies(lab, 'the push is in force', (p) => templateNames(p) === 'second-edition');
}));

const followsForge = () => 'remote = "acme/policies"\nforge = "github"\npath = "ci"\nevery = "1s"';

test("policies are followed in a private repository of a forge, with the forge's credential",
  inLab({config: {kind: 'worktree', api, policies: followsForge}}, async (lab) => {
    makeRemote(lab.remotes, 'acme/policies', policyFiles(lab, regenerateTable));
    lab.github.addRepo('acme/policies');
    await lab.daemon.start({environment});
    const commit = commitTo(lab.remotes, 'acme/policies', {'ci/templates/one.toml': renamed}, 'Edit');
    const after = await untilPolicies(lab, 'the push is in force', (p) => templateNames(p) === 'second-edition');
    assert.equal(after.origin, `git acme/policies main at ${commit}`);
    assert.ok(!lab.daemon.log().includes(lab.token), 'the credential is in no log');
  }));
