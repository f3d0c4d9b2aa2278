// `regreen fix --agent`: a coding agent without a server, with nothing but a model's key, or by a configuration.
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {agentsMissing, programs} from './lab/agents.mjs';
import {runCommand} from './lab/daemon.mjs';
import {startModel} from './lab/model.mjs';
import {fixedTable, git, staleTable, writeTree} from './lab/samples.mjs';

const key = 'sk-a-key-that-never-goes-in';

// A repository that is red, in a folder that ends with the test.
function inFolder(body) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'regreen-fix-agent-'));
    const repo = join(folder, 'repo');
    mkdirSync(repo);
    git(repo, 'init', '-q', '-b', 'main');
    writeTree(repo, staleTable);
    git(repo, 'add', '.');
    git(repo, 'commit', '-qm', 'Start');
    try {
      await body(folder, repo);
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  };
}

// Stands for the provider: remembers what it was asked.
async function withModel(body) {
  const asked = [];
  const server = createServer((request, response) => {
    asked.push({path: request.url, key: request.headers['x-api-key']});
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({id: 'm', type: 'message', usage: {input_tokens: 10, output_tokens: 2}, content: []}));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await body(`http://127.0.0.1:${server.address().port}`, asked);
  } finally {
    server.close();
  }
}

const program = `#!/bin/sh
cat >/dev/null
env | grep -q '${key}' && exit 9
curl -sS -X POST -H 'content-type: application/json' -d '{"model":"m","messages":[]}' "$ANTHROPIC_BASE_URL/v1/messages" >/dev/null || exit 8
make table >/dev/null
printf '%s\\n' '{"type":"system","subtype":"init","model":"m","session_id":"s"}'
printf '%s\\n' '{"type":"result","subtype":"success","is_error":false,"result":"Made the table anew.","total_cost_usd":0,"usage":{}}'
`;

function install(folder, name, text) {
  const bin = join(folder, 'bin');
  mkdirSync(bin, {recursive: true});
  writeFileSync(join(bin, name), text);
  chmodSync(join(bin, name), 0o755);
  return `${bin}:${process.env.PATH}`;
}

test('with nothing but a key, the agent repairs, and the key stays outside', {skip: !existsSync('/usr/bin/curl') && 'no curl'},
  inFolder((folder, repo) => withModel(async (url, asked) => {
    const environment = {PATH: install(folder, 'claude', program), ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: `${url}/v1/`};
    const fixed = await runCommand(['fix', '--agent', 'claude', '--prompt', 'Be quick.', '--', 'make', 'check'], {cwd: repo, environment});
    assert.equal(fixed.code, 0, fixed.stderr);
    const branch = /branch (regreen\/single-use-[0-9a-f]{8}):/.exec(fixed.stdout)[1];
    assert.equal(git(repo, 'show', `${branch}:table.txt`) + '\n', fixedTable);
    assert.deepEqual(asked.map(({path}) => path), ['/v1/messages']);
    assert.equal(asked[0].key, key, 'the broker adds it');
    assert.ok(!(fixed.stdout + fixed.stderr).includes(key));
    assert.match(fixed.stderr, /Made the table anew/, 'what it does is shown');
    assert.equal(git(repo, 'status', '--porcelain'), '');
  })));

// The programs themselves, with a model that is scripted; one of them, or each when REGREEN_LONG is set.
const lacking = agentsMissing();
for (const [name, environment, ...more] of [
  ['claude', (url) => ({ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: url})],
  ['codex', (url) => ({OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/v1`}), '--model', 'scripted'],
  ['opencode', (url) => ({OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url}/v1`}), '--model', 'scripted'],
].slice(0, process.env.REGREEN_LONG ? 3 : 1)) {
  test(`the real ${name} repairs without a server`, {skip: lacking}, inFolder(async (folder, repo) => {
    const model = await startModel((turn) => turn === 0 ? {shell: 'make table'} : {say: 'Made the table anew.'});
    try {
      mkdirSync(join(folder, 'bin'));
      symlinkSync(programs[name], join(folder, 'bin', name));
      const PATH = `${folder}/bin:/usr/bin:/bin`;
      const fixed = await runCommand(['fix', '--agent', name, ...more, '--', 'make', 'check'],
        {cwd: repo, environment: {PATH, ...environment(model.url)}});
      assert.equal(fixed.code, 0, fixed.stderr);
      const branch = /branch (regreen\/single-use-[0-9a-f]{8}):/.exec(fixed.stdout)[1];
      assert.equal(git(repo, 'show', `${branch}:table.txt`) + '\n', fixedTable);
      assert.match(fixed.stderr, /Made the table anew/, 'what it does is shown');
      assert.equal(model.turns, 2);
      for (const {headers} of model.requests)
        assert.ok((headers['x-api-key'] ?? headers.authorization).endsWith(key), 'the broker adds the key');
      assert.ok(!(fixed.stdout + fixed.stderr).includes(key));
      assert.equal(git(repo, 'status', '--porcelain'), '');
    } finally {
      await model.stop();
    }
  }));
}

test('what is missing is said in a sentence', inFolder(async (folder, repo) => {
  const PATH = install(folder, 'claude', program);
  const fix = (environment, ...more) => runCommand(['fix', '--agent', 'claude', ...more, '--', 'make', 'check'],
    {cwd: repo, environment: {PATH, ...environment}});
  for (const [environment, says, ...more] of [
    [{}, /set ANTHROPIC_API_KEY/],
    [{ANTHROPIC_API_KEY: key}, /set ANTHROPIC_BASE_URL to that of your provider/],
    [{ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: 'http://model.example'}, /must be https/],
    [{PATH: '/usr/bin:/bin', ANTHROPIC_API_KEY: key}, /there is no program claude in PATH/],
    [{}, /exclude each other/, '--template', 'black'],
    [{}, /in the sandbox only/, '--workspace', 'worktree'],
  ]) {
    const {code, stderr} = await fix(environment, ...more);
    assert.equal(code, 1);
    assert.match(stderr, says);
    assert.ok(!stderr.includes(key));
  }
  install(folder, 'opencode', program);
  const nameless = await runCommand(['fix', '--agent', 'opencode', '--', 'make'],
    {cwd: repo, environment: {PATH, OPENAI_API_KEY: key, OPENAI_BASE_URL: 'https://model.example'}});
  assert.match(nameless.stderr, /the agent opencode has no model: name one of your provider by --model/);
  const unknown = await runCommand(['fix', '--agent', 'cluade', '--', 'make'], {cwd: repo});
  assert.match(unknown.stderr, /did you mean "claude"\?/);
}));

test('a configuration names agents, by a flag, the environment, or its usual place', inFolder(async (folder, repo) => {
  const file = join(folder, 'config.toml');
  writeFileSync(file, '[agent.table]\ncommand = "cat >/dev/null; make table"\n');
  const usual = join(folder, 'home', '.config', 'regreen');
  mkdirSync(usual, {recursive: true});
  writeFileSync(join(usual, 'config.toml'), '[agent.usual]\ncommand = "cat >/dev/null; make table"\n');
  for (const [environment, ...args] of [
    [{}, '--config', file, '--agent', 'table'],
    [{REGREEN_CONFIG: file}, '--agent', 'table'],
    [{HOME: join(folder, 'home')}, '--agent', 'usual'],
  ]) {
    const fixed = await runCommand(['fix', ...args, '--json', '--', 'make', 'check'], {cwd: repo, environment});
    assert.equal(fixed.code, 0, fixed.stderr);
    const {branch} = JSON.parse(fixed.stdout);
    assert.equal(git(repo, 'show', `${branch}:table.txt`) + '\n', fixedTable);
    git(repo, 'branch', '-D', branch);
  }
  writeFileSync(file, '[agent.table]\nkind = "clode"\n');
  const wrong = await runCommand(['fix', '--config', file, '--agent', 'table', '--', 'make', 'check'], {cwd: repo});
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /agent\.table\.kind: "clode" is not one of/);
}));
