// The stand-in for Coder is worth something only if it refuses what Coder would refuse.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {after, before, beforeEach, describe, test} from 'node:test';

import {until} from './lab/wait.mjs';
import {Coder} from './peers/coder.mjs';
import {coderIsMissing} from './peers/coder_description.mjs';
import {writeProgram} from './peers/coder_program.mjs';

describe('the stand-in for Coder', {skip: coderIsMissing()}, () => {
  const version = '44444444-0000-4000-8000-000000000001';
  let root, coder;
  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'regreen-coder-'));
    writeProgram(join(root, 'coder'));
    coder = await Coder.start({root: join(root, 'homes'), token: 'the-token'});
  });
  after(async () => {
    await coder.close();
    rmSync(root, {recursive: true});
  });
  beforeEach(() => { coder.violations = []; });

  async function call(method, path, body, headers = {}) {
    const response = await fetch(`${coder.url}/api/v2${path}`, {method, body: body && JSON.stringify(body),
      headers: {'Coder-Session-Token': 'the-token', ...(body && {'Content-Type': 'application/json'}), ...headers}});
    return {status: response.status, body: await response.json()};
  }
  const create = (body) => call('POST', '/users/me/workspaces', {template_version_id: version, ...body});
  const look = (id) => call('GET', `/workspaces/${id}`);
  async function ready(name) {
    const {body: {id}} = await create({name});
    await until('it is ready', async () =>
      (await look(id)).body.latest_build.resources[0]?.agents[0].lifecycle_state === 'ready');
    return coder.byId(id);
  }
  function ssh(words, {environment = {}, input = ''} = {}) {
    return new Promise((resolve) => {
      const child = execFile(join(root, 'coder'), words, {env: {PATH: process.env.PATH, CODER_URL: coder.url,
        CODER_SESSION_TOKEN: 'the-token', CODER_CONFIG_DIR: root, CODER_SSH_DISABLE_AUTOSTART: 'true', ...environment}},
      (error, stdout, stderr) => resolve({code: error?.code ?? 0, stdout, stderr}));
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    });
  }

  test('a workspace is made, started and deleted as Coder does it', async () => {
    const made = await create({name: 'one', rich_parameter_values: [{name: 'cpu', value: '4'}], ttl_ms: 3_600_000});
    assert.equal(made.status, 201);
    assert.equal((await create({name: 'one'})).status, 409);
    const states = [];
    for (let i = 0; i < 4; ++i) {
      const {latest_build: {status, job, resources}} = (await look(made.body.id)).body;
      states.push([status, job.status, resources[0]?.agents[0].lifecycle_state]);
    }
    assert.deepEqual(states, [['starting', 'running', undefined], ['running', 'succeeded', 'created'],
      ['running', 'succeeded', 'starting'], ['running', 'succeeded', 'ready']]);
    const home = coder.homeOf(coder.byName('one'));
    assert.ok(existsSync(home));
    assert.equal((await call('POST', `/workspaces/${made.body.id}/builds`, {transition: 'delete'})).status, 201);
    assert.equal((await call('POST', `/workspaces/${made.body.id}/builds`, {transition: 'delete'})).status, 409);
    await until('it is gone', async () => (await look(made.body.id)).status === 410);
    assert.ok(!existsSync(home));
    assert.equal((await call('GET', '/users/me/workspace/one')).status, 404);
    assert.deepEqual(coder.violations, []);
  });

  test('a build is cancelled where the template lets its users', async () => {
    const {body} = await create({name: 'two'});
    const cancel = () => call('PATCH', `/workspacebuilds/${body.latest_build.id}/cancel`);
    coder.template.mayCancel = false;
    assert.equal((await cancel()).status, 403);
    coder.template.mayCancel = true;
    assert.equal((await cancel()).status, 200);
    assert.equal((await cancel()).status, 400);
    assert.equal((await look(body.id)).body.latest_build.status, 'canceled');
    coder.vanish(coder.byName('two'));
  });

  test('workspaces are found by owner and name, page by page', async () => {
    for (const name of ['p-1', 'p-2', 'p-3', 'q-1']) coder.add(name);
    coder.add('p-4', 'somebody');
    const list = async (page) => (await call('GET', `/workspaces?q=owner%3Ame%20name%3Ap-&limit=2&offset=${page}`)).body;
    assert.deepEqual((await list(0)).workspaces.map((w) => w.name), ['p-1', 'p-2']);
    assert.deepEqual((await list(2)).workspaces.map((w) => w.name), ['p-3']);
    assert.equal((await list(0)).count, 3);
    assert.equal((await call('GET', '/workspaces?q=colour%3Ared')).status, 400);
    for (const workspace of coder.living()) coder.vanish(workspace);
  });

  test('a programmed failure comes instead of the answer, or after the work', async () => {
    coder.fail('create-user-workspace', {status: 502});
    assert.equal((await create({name: 'three'})).status, 502);
    assert.equal(coder.byName('three'), undefined);
    coder.fail('create-user-workspace', {after: true});
    await assert.rejects(create({name: 'three'}));
    assert.ok(coder.byName('three'));
    coder.fail('list-workspaces', {status: 500});
    assert.match(coder.problems().join(), /never asked for/);
    assert.equal((await call('GET', '/workspaces')).status, 500);
    coder.vanish(coder.byName('three'));
  });

  const bad = [
    {name: 'a path that Coder does not have', method: 'GET', path: '/nonsense', expect: /no operation/},
    {name: 'a workspace that is no id', method: 'GET', path: '/workspaces/one', expect: /uuid/},
    {name: 'an organization by its name', method: 'GET', path: '/organizations/coder/templates/regreen', expect: /uuid/},
    {name: 'an unknown query parameter', method: 'GET', path: '/workspaces?page=1', expect: /additional/},
    {name: 'a limit that is no number', method: 'GET', path: '/workspaces?limit=all', expect: /integer/},
    {name: 'a workspace without a name', method: 'POST', path: '/users/me/workspaces', body: {}, expect: /name/},
    {name: 'a field that there is not', method: 'POST', path: '/users/me/workspaces', body: {name: 'x', ttl: 1}, expect: /additional/},
    {name: 'a parameter that is no text', method: 'POST', path: '/users/me/workspaces',
      body: {name: 'x', rich_parameter_values: [{name: 'cpu', value: 2}]}, expect: /string/},
    {name: 'an unknown transition', method: 'POST', path: `/workspaces/${version}/builds`, body: {transition: 'destroy'}, expect: /allowed values/},
    {name: 'another token', method: 'GET', path: '/users/me', headers: {'Coder-Session-Token': 'other'}, expect: /not authorised/},
  ];
  for (const {name, method, path, body, headers, expect} of bad) {
    test(`a violation: ${name}`, async () => {
      await call(method, path, body, headers);
      assert.match(coder.violations.join('\n'), expect);
    });
  }

  const refusedNames = ['a'.repeat(33), 'a--b', '-a', 'a_b', ''];
  for (const name of refusedNames) {
    test(`the name "${name}" is refused`, async () => assert.equal((await create({name})).status, 400));
  }

  test('a parameter without a value, an unknown one and a short life are refused', async () => {
    coder.template.parameters.push({name: 'key'});
    assert.match(JSON.stringify((await create({name: 'x'})).body.validations), /value is required/);
    coder.template.parameters.pop();
    assert.match(JSON.stringify((await create({name: 'x', rich_parameter_values: [{name: 'colour', value: ''}]})).body), /unknown/);
    assert.match(JSON.stringify((await create({name: 'x', ttl_ms: 5})).body), /one minute/);
  });

  test('commands run in the workspace, with their exit code, both streams and input', async () => {
    const workspace = await ready('shell');
    const result = await ssh(['ssh', '--wait', 'yes', 'shell', '--', 'cat; echo problem >&2; pwd; exit 7'], {input: 'given\n'});
    assert.deepEqual(result, {code: 7, stdout: `given\n${coder.homeOf(workspace)}\n`, stderr: 'problem\n'});
    assert.equal((await ssh(['ssh', '--wait', 'yes', 'shell', '--', 'exit 255'])).code, 255);
    const environment = (await ssh(['ssh', '--wait', 'yes', 'shell', '--', 'env'])).stdout;
    assert.match(environment, /CODER_AGENT_TOKEN=/);
    assert.doesNotMatch(environment, /SESSION_TOKEN/);
    coder.vanish(workspace);
  });

  test('a drop is 255, and hangs up the command', async () => {
    const workspace = await ready('dropped');
    const running = ssh(['ssh', '--wait', 'yes', 'dropped', '--', 'sleep 1000']);
    await until('it runs', () => coder.sessions.running.size === 1);
    coder.sessions.drop(workspace);
    const {code, stderr} = await running;
    assert.equal(code, 255);
    assert.match(stderr, /SSH connection ended unexpectedly/);
    await until('the command is gone', () => coder.sessions.running.size === 0);
    coder.vanish(workspace);
  });

  test('the program refuses what must not happen', async () => {
    const workspace = await ready('strict');
    const words = ['ssh', '--wait', 'yes', 'strict', '--', 'true'];
    assert.equal((await ssh(words)).code, 0);
    assert.match((await ssh(words, {environment: {SECRET: '1'}})).stderr, /SECRET/);
    assert.match((await ssh([...words, 'the-token'])).stderr, /on the command line/);
    assert.match((await ssh(words, {environment: {CODER_SSH_DISABLE_AUTOSTART: ''}})).stderr, /started again/);
    assert.match((await ssh(words, {environment: {CODER_CONFIG_DIR: '/'}})).stderr, /not private/);
    assert.match((await ssh(words, {environment: {CODER_SESSION_TOKEN: 'other'}})).stderr, /token/);
    assert.match((await ssh(['ssh', '--wait', 'yes', 'nobody', '--', 'true'])).stderr, /not found/i);
    assert.match((await ssh(['ssh', 'strict', '--', 'true'])).stderr, /--wait yes/);
    coder.vanish(workspace);
    assert.match((await ssh(words)).stderr, /not found/i);
  });
});
