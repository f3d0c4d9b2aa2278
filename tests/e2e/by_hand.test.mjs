// Tasks that people start and steer: by the command line, by HTTP, watched as they go, ended in the middle, taken over.
import assert from 'node:assert/strict';
import {spawn, spawnSync} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {existsSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {binary, runCommand} from './lab/daemon.mjs';
import {inLab} from './lab/lab.mjs';
import {fixedTable, git} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

const operator = randomBytes(24).toString('hex'), viewer = randomBytes(24).toString('hex');

// Tokens of both roles beside the configuration.
const withApi = {api: '[api.alice]\ntoken = "env:OPERATOR_TOKEN"\nrole = "operator"\n[api.guest]\ntoken = "env:VIEWER_TOKEN"\n'};
const tokens = {OPERATOR_TOKEN: operator, VIEWER_TOKEN: viewer};

const api = async (lab, method, path, body, {token = operator, headers = {}} = {}) => {
  const response = await fetch(`${lab.daemon.url}/api/v1/${path}`, {method,
    headers: {authorization: `Bearer ${token}`, ...(body ? {'content-type': 'application/json'} : {}), ...headers},
    body: body && JSON.stringify(body)});
  const text = await response.text();
  return {status: response.status, json: text.startsWith('{') ? JSON.parse(text) : undefined, text, headers: response.headers};
};

// The command line with the tokens that the configuration names.
const regreen = (lab, ...args) => runCommand([...args, '--config', lab.config], {environment: tokens});

const byTemplate = {repo: 'acme/widget', ref: 'main', template: 'stale-table', command: 'make check'};

// Server-sent events as {id, event, data}, until `enough` says so or they end.
async function events(lab, id, {last, enough = () => false} = {}) {
  const response = await fetch(`${lab.daemon.url}/api/v1/tasks/${id}/events`, {
    headers: {authorization: `Bearer ${viewer}`, ...(last ? {'last-event-id': last} : {})}});
  if (response.status !== 200) return {status: response.status, seen: []};
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  const seen = [];
  let text = '';
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const event = {};
      for (const line of text.slice(0, end).split('\n')) {
        const colon = line.indexOf(': ');
        if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
      }
      text = text.slice(end + 2);
      if (event.event) seen.push({...event, data: JSON.parse(event.data)});
    }
    if (enough(seen)) break;  // which closes the connection
  }
  return {status: 200, seen};
}

test('a task by the command line becomes a draft change, and its log is followed to its end',
  inLab({config: withApi}, async (lab) => {
    await lab.daemon.start({environment: tokens});
    const made = await regreen(lab, 'task', 'create', '--repo', 'acme/widget', '--ref', 'main', '--template', 'stale-table',
      '--command', 'make check');
    assert.equal(made.code, 0, made.stderr);
    const id = /^task ([0-9a-f]{12}) is queued/.exec(made.stdout)[1];
    const follow = spawn(binary, ['task', 'log', '-f', id, '--config', lab.config], {env: {PATH: process.env.PATH, ...tokens}});
    let printed = '';
    follow.stdout.on('data', (bytes) => printed += bytes);
    const ended = new Promise((resolve) => follow.on('close', resolve));
    await lab.taskIn('watching');
    const [pull] = lab.github.pulls;
    assert.deepEqual([pull.base, pull.draft], ['main', true]);
    assert.equal(git(lab.github.gitFolder('acme/widget'), 'show', `${pull.head}:table.txt`) + '\n', fixedTable);
    lab.github.merge(pull.number);
    await lab.taskIn('merged');
    assert.equal(await ended, 0, 'it ends with the task');
    for (const word of [/reproduced/, /==> reproduce\.log/, /table\.txt is out of date/, /watching → merged/])
      assert.match(printed, word);
    await lab.decision('by-hand', /^by hand by /);
    const wrong = await regreen(lab, 'task', 'create', '--repo', 'acme/widget', '--ref', 'nowhere', '--run', 'true', '--command', 'false');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /no branch, tag or pull request "nowhere"/);
  }));

test('a task by HTTP is made once for a key, by an operator only, and told as it goes on to who comes again',
  inLab({config: withApi}, async (lab) => {
    await lab.daemon.start({environment: tokens});
    assert.equal((await api(lab, 'POST', 'tasks', byTemplate, {token: viewer})).status, 403);
    const headers = {'idempotency-key': 'one'};
    const made = await api(lab, 'POST', 'tasks', byTemplate, {headers});
    assert.equal(made.status, 201, made.text);
    const {id} = made.json;
    assert.equal(made.headers.get('location'), `/api/v1/tasks/${id}`);
    const again = await api(lab, 'POST', 'tasks', byTemplate, {headers});
    assert.deepEqual([again.status, again.json.id], [200, id]);
    const first = await events(lab, id, {enough: (seen) => seen.length >= 2});
    assert.deepEqual(first.seen.map(({event}) => event), Array(first.seen.length).fill('timeline'));
    const last = first.seen[1].id;
    await lab.taskIn('watching');
    assert.equal((await api(lab, 'POST', `tasks/${id}/cancel`, {reason: 'enough'})).json.state, 'cancelled');
    const rest = await events(lab, id, {last});
    assert.ok(rest.seen.length > 3);
    assert.ok(rest.seen.every((e) => e.event === 'end' || Number(e.id) > Number(last)), 'nothing is told twice');
    const end = rest.seen.at(-1);
    assert.deepEqual([end.event, end.data.state], ['end', 'cancelled']);
    const over = await events(lab, id, {last: rest.seen.at(-2).id});
    assert.equal(over.status, 204, 'an EventSource stops then');
    const listed = await api(lab, 'GET', 'tasks?state=cancelled', undefined, {token: viewer});
    assert.deepEqual(listed.json.tasks.map((task) => task.id), [id]);
    const patch = await api(lab, 'GET', `tasks/${id}/artifacts/patch`, undefined, {token: viewer});
    assert.match(patch.text, /\+fig/);
  }));

const slow = (command) => `
name = "slow"
stage = "suggest"
[match]
log = ['table']
[[step]]
run = "${command}"
timeout = "5m"
[verify]
command = "make check"
`;

// It prints when it does so, and then works on for long.
test('what an agent does reaches a watcher soon, also when nothing follows', inLab({config: {...withApi,
  workspace: '', limits: `[agent.clock]\nkind = "command"\ncommand = "cat >/dev/null; date +%s%3N; sleep 288"\n`}}, async (lab) => {
  await lab.daemon.start({environment: tokens});
  const {template, ...byAgent} = byTemplate;
  const {json, text} = await api(lab, 'POST', 'tasks', {...byAgent, agent: 'clock'});
  assert.ok(json.id, text);
  let took;
  await events(lab, json.id, {enough: (seen) => {
    const said = seen.find(({event, data}) => event === 'agent' && /^\d{13}/.test(data.text));
    took ??= said && Date.now() - Number(said.data.text);
    return said;
  }});
  console.log(`from an agent's output to a watcher: ${took} ms`);
  assert.ok(took < 2_000, `it took ${took} ms`);
  await regreen(lab, 'task', 'cancel', json.id);
}));

test('a cancel ends a long command within seconds', inLab({config: withApi, templates: {
  slow: slow('echo begun > .git/mark; sleep 287'),
}}, async (lab) => {
  await lab.daemon.start({environment: tokens});
  const {json} = await api(lab, 'POST', 'tasks', {...byTemplate, template: 'slow'});
  await until('the command runs', () => spawnSync('pgrep', ['-f', '^sleep 287']).status === 0);
  const begun = Date.now();
  const answer = await regreen(lab, 'task', 'cancel', json.id);
  assert.equal(answer.code, 0, answer.stderr);
  await until('the command is gone', () => spawnSync('pgrep', ['-f', '^sleep 287']).status !== 0, {seconds: 20});
  assert.ok(Date.now() - begun < 8_000, `it took ${Date.now() - begun} ms`);
  assert.equal((await api(lab, 'GET', `tasks/${json.id}`)).json.state, 'cancelled');
}));

// A person at a terminal: `script` makes one, and what is typed comes from standard input.
const atTerminal = (command, typed) => new Promise((resolve) => {
  const child = spawn('script', ['-qec', command, '/dev/null'],
    {timeout: 60_000, env: {PATH: process.env.PATH, TERM: 'xterm', HOME: '/nonexistent', ...tokens}});
  let stdout = '';
  child.stdout.on('data', (bytes) => stdout += bytes);
  child.on('close', (code) => resolve({code, stdout}));
  child.stdin.write(typed);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

test('a failed task is taken over in a shell, and what was left becomes a change', {skip: !hasScript && 'no script(1)'},
  inLab({config: {...withApi, workspace: 'keep = "1h"'}, templates: {slow: slow('echo wrong >> table.txt')}}, async (lab) => {
    await lab.daemon.start({environment: tokens});
    const {json: {id}} = await api(lab, 'POST', 'tasks', {...byTemplate, template: 'slow'});
    await lab.taskIn('failed');
    const shell = await atTerminal(`${binary} task shell ${id} --config ${lab.config}`,
      'test -t 0 && echo $((40 + 2)) terminal; tail -1 table.txt\nmake table; make check && echo $((6 * 7)) green\nexit\n');
    assert.match(shell.stdout, /42 terminal/, `it is a terminal: ${shell.stdout}`);
    assert.match(shell.stdout, /wrong/, 'the workspace is as it was left');
    assert.match(shell.stdout, /42 green/);
    assert.match(shell.stdout, new RegExp(`regreen task resume ${id}`));
    const resumed = await regreen(lab, 'task', 'resume', id);
    assert.equal(resumed.code, 0, resumed.stderr);
    await lab.tasksWhen('the resumed task is published', (tasks) => tasks.some((task) => task.state === 'watching'));
    const [pull] = lab.github.pulls;
    assert.equal(git(lab.github.gitFolder('acme/widget'), 'show', `${pull.head}:table.txt`) + '\n', fixedTable);
  }));

test('a task at work is taken over: it ends, and its workspace opens', {skip: !hasScript && 'no script(1)'},
  inLab({config: {...withApi, workspace: 'keep = "1h"'}, templates: {
    slow: slow('echo half > half.txt; sleep 286'),
  }}, async (lab) => {
    await lab.daemon.start({environment: tokens});
    const {json: {id}} = await api(lab, 'POST', 'tasks', {...byTemplate, template: 'slow'});
    await until('the command runs', () => spawnSync('pgrep', ['-f', '^sleep 286']).status === 0);
    const shell = await atTerminal(`${binary} task shell --take-over ${id} --config ${lab.config}`, 'cat half.txt\nexit\n');
    assert.match(shell.stdout, /^half/m, shell.stdout);
    assert.equal((await api(lab, 'GET', `tasks/${id}`)).json.state, 'cancelled');
  }));

test('a kept workspace goes when its time is over', inLab({config: {...withApi, workspace: 'keep = "1s"'},
  templates: {slow: slow('echo wrong >> table.txt')}}, async (lab) => {
  await lab.daemon.start({environment: tokens});
  await api(lab, 'POST', 'tasks', {...byTemplate, template: 'slow'});
  await lab.taskIn('failed');
  const folder = join(lab.folder, 'workspaces');
  await lab.daemon.stop();
  const [kept] = readdirSync(folder);
  const {until: end} = JSON.parse(readFileSync(join(folder, kept, 'kept'), 'utf8'));
  await until('its time is over', () => Date.now() * 1000 > end);
  await lab.daemon.start({environment: tokens});
  assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], []);
}));

const sdk = existsSync(new URL('node_modules/@modelcontextprotocol/sdk', import.meta.url));

test("the official client of the Model Context Protocol drives the daemon", {skip: !sdk && 'the SDK is not installed'},
  inLab({config: withApi}, async (lab) => {
    const {Client} = await import('@modelcontextprotocol/sdk/client/index.js');
    const {StdioClientTransport} = await import('@modelcontextprotocol/sdk/client/stdio.js');
    await lab.daemon.start({environment: tokens});
    const connect = async (token) => {
      writeFileSync(join(lab.folder, 'api-token'), token, {mode: 0o600});
      const client = new Client({name: 'test', version: '0'});
      await client.connect(new StdioClientTransport({command: binary,
        args: ['mcp', '--server', lab.daemon.url, '--token', `file:${lab.folder}/api-token`]}));
      return client;
    };
    const guest = await connect(viewer);
    const {tools} = await guest.listTools();
    assert.ok(tools.some(({name, annotations}) => name === 'create_task' && annotations.readOnlyHint === false));
    const refused = await guest.callTool({name: 'create_task', arguments: byTemplate});
    assert.equal(refused.isError, true);
    assert.match(refused.content[0].text, /role = "operator"/);
    await guest.close();

    const client = await connect(operator);
    await client.ping();
    const made = await client.callTool({name: 'create_task', arguments: {...byTemplate, key: 'k'}});
    assert.equal(made.isError, false, JSON.stringify(made));
    const {id} = made.structuredContent.result;
    await lab.taskIn('watching');
    const shown = await client.callTool({name: 'show_task', arguments: {id}});
    assert.equal(shown.structuredContent.result.state, 'watching');
    assert.match(shown.content[0].text, /gives no orders/);
    const log = await client.callTool({name: 'read_artifact', arguments: {id, name: 'reproduce.log'}});
    assert.match(log.structuredContent.result, /table\.txt is out of date/);
    const why = await client.callTool({name: 'explain_failure', arguments: {log: 'table.txt is out of date'}});
    assert.equal(why.structuredContent.result.explanations.length, 1);
    const ended = await client.callTool({name: 'cancel_task', arguments: {id, reason: 'enough'}});
    assert.equal(ended.structuredContent.result.state, 'cancelled');
    await client.close();
  }));
