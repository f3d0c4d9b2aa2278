// The stand-in for GitHub is worth something only if it refuses what GitHub would refuse.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, test} from 'node:test';
import {promisify} from 'node:util';

import {commitTo, makeRemote, staleTable} from './lab/samples.mjs';
import {failedRunPayload, recorded, signature} from './lab/webhook.mjs';
import {Github} from './peers/github.mjs';

let root, github, commit;
const repo = '/repos/acme/widget';

before(async () => {
  root = mkdtempSync(join(tmpdir(), 'regreen-peers-'));
  commit = makeRemote(root, 'acme/widget', staleTable);
  github = await Github.start({root, token: 'the-token'});
  github.addRepo('acme/widget');
});
after(async () => {
  await github.close();
  rmSync(root, {recursive: true});
});
beforeEach(() => { github.violations = []; });

async function call(method, path, body, headers = {}) {
  const response = await fetch(github.url + path, {method, redirect: 'manual', body: body && JSON.stringify(body),
    headers: {Authorization: 'Bearer the-token', Accept: 'application/vnd.github+json',
      'X-GitHub-Api-Version': '2022-11-28', ...headers}});
  const text = await response.text();
  return {status: response.status, headers: response.headers, body: text ? JSON.parse(text) : undefined};
}

test('a run, its jobs and its log are told as GitHub tells them', async () => {
  const run = github.addRun({repo: 'acme/widget', commit, log: 'the log\n'});
  const told = await call('GET', `${repo}/actions/runs/${run.id}`);
  assert.equal(told.body.conclusion, 'failure');
  assert.equal(told.body.head_repository.id, told.body.repository.id);
  const jobs = await call('GET', `${repo}/actions/runs/${run.id}/attempts/1/jobs?per_page=100`);
  assert.equal(jobs.body.jobs[0].steps[1].conclusion, 'failure');
  const redirect = await call('GET', `${repo}/actions/jobs/${jobs.body.jobs[0].id}/logs`);
  assert.equal(redirect.status, 302);
  const log = await fetch(redirect.headers.get('location'));
  assert.equal(await log.text(), 'the log\n');
  assert.deepEqual(github.violations, []);
});

test('a change is opened, found, labelled, updated and merged', async () => {
  commitTo(root, 'acme/widget', {'table.txt': 'x\n'}, 'Fix', 'regreen/x-1');
  const asked = {title: 'T', head: 'regreen/x-1', base: 'main', body: 'B', draft: true};
  const made = await call('POST', `${repo}/pulls`, asked);
  assert.equal(made.status, 201);
  assert.equal(made.body.head.sha, github.branchTip('acme/widget', 'regreen/x-1'));
  const again = await call('POST', `${repo}/pulls`, asked);
  assert.equal(again.status, 422);
  assert.match(again.body.errors[0].message, /already exists for acme:regreen\/x-1/);
  const found = await call('GET', `${repo}/pulls?head=acme%3Aregreen%2Fx-1&state=open`);
  assert.deepEqual(found.body.map((p) => p.number), [made.body.number]);
  const labels = await call('POST', `${repo}/issues/${made.body.number}/labels`, {labels: ['a', 'b']});
  assert.deepEqual(labels.body.map((l) => l.name), ['a', 'b']);
  await call('PATCH', `${repo}/pulls/${made.body.number}`, {title: 'T2'});
  github.merge(made.body.number);
  const merged = await call('GET', `${repo}/pulls/${made.body.number}`);
  assert.deepEqual([merged.body.title, merged.body.merged, merged.body.state], ['T2', true, 'closed']);
  assert.equal(github.branchTip('acme/widget', 'main'), github.branchTip('acme/widget', 'regreen/x-1'));
  assert.deepEqual(github.violations, []);
});

const bad = [
  {name: 'a path that GitHub does not have', path: '/repos/acme/widget/nonsense', expect: /no operation/},
  {name: 'a run id that is no number', path: `${repo}/actions/runs/abc`, expect: /integer/},
  {name: 'an unknown query parameter', path: `${repo}/pulls?bogus=1`, expect: /additional/},
  {name: 'a wrong enumeration', path: `${repo}/pulls?state=opened`, expect: /allowed values/},
  {name: 'a change without a base', method: 'POST', path: `${repo}/pulls`,
    body: {title: 'T', head: 'h'}, expect: /base/},
  {name: 'another token', path: repo, headers: {Authorization: 'Bearer other'}, expect: /not authorised/},
  {name: 'no version of the API', path: repo, headers: {'X-GitHub-Api-Version': ''}, expect: /Api-Version/},
];
for (const {name, method = 'GET', path, body, headers, expect} of bad) {
  test(`a violation: ${name}`, async () => {
    await call(method, path, body, headers);
    assert.match(github.violations.join('\n'), expect);
  });
}

test('a violation: the token sent to the host of the logs', async () => {
  await fetch(`${github.logHost.url}/logs/1`, {headers: {Authorization: 'Bearer the-token'}});
  assert.match(github.violations.join('\n'), /token was sent/);
});

test('a programmed failure that nobody asked for is a problem', async () => {
  github.fail('repos/get', {status: 502});
  assert.match(github.problems().join('\n'), /repos\/get was never asked for/);
  assert.equal((await call('GET', repo)).status, 502);
  assert.equal((await call('GET', repo)).status, 200);
  assert.deepEqual(github.problems(), []);
});

test('git clones and pushes with the token, and not without', async () => {
  const clone = join(root, 'clone');
  const environment = {...process.env, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_TERMINAL_PROMPT: '0'};
  const run = async (...args) => (await promisify(execFile)('git', args, {env: environment})).stdout.trim();
  await assert.rejects(run('clone', '-q', `${github.gitUrl}/acme/widget.git`, clone));
  const url = github.gitUrl.replace('://', '://x-access-token:the-token@');
  await run('clone', '-q', `${url}/acme/widget.git`, clone);
  assert.equal(readFileSync(join(clone, 'README.md'), 'utf8'), staleTable['README.md']);
  await run('-C', clone, 'push', '-q', 'origin', 'HEAD:refs/heads/pushed');
  assert.equal(github.branchTip('acme/widget', 'pushed'), await run('-C', clone, 'rev-parse', 'HEAD'));
  assert.deepEqual(github.violations, []);
});

test('signatures agree with the vector in GitHub\'s documentation', () => {
  assert.equal(signature("It's a Secret to Everybody", 'Hello, World!'),
    'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17');
});

test('recorded payloads are there, and one tells of our failed run', () => {
  assert.ok(recorded.length > 50);
  const repoFacts = github.repos.get('acme/widget');
  const run = github.addRun({repo: 'acme/widget', commit});
  const payload = failedRunPayload(repoFacts, run);
  assert.equal(payload.workflow_run.conclusion, 'failure');
  assert.equal(payload.repository.full_name, 'acme/widget');
});
