// The chapter "Policies" of README.md, as a newcomer copies it: every sh block, in order, in one shell, in
// an empty folder. A text block directly behind a sh block is what that block prints, on both streams; … stands
// for anything. A block whose info string says exit=1 is one command that refuses.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {binary, runCommand} from './lab/daemon.mjs';
import {sourceRoot} from './lab/samples.mjs';

const readme = readFileSync(join(sourceRoot, 'README.md'), 'utf8');
const address = '127.0.0.1:8080';  // as the chapter has it; a free port is taken here

function chapter() {
  const found = /^## Policies: write, test, prove, promote\n([\s\S]*?)^## /m.exec(readme);
  assert.ok(found, 'README.md has the chapter');
  return found[1];
}

// [{code, exit, prints}], from the fenced blocks of Markdown.
function blocksOf(markdown) {
  const blocks = [];
  const fence = /^```(\S+)([^\n]*)\n([\s\S]*?)^```\n(?=(```text)?)/gm;
  let behindSh = false;
  for (const [, language, info, body, text] of markdown.matchAll(fence)) {
    if (language === 'sh') {
      blocks.push({code: body, exit: Number(/exit=(\d+)/.exec(info)?.[1] ?? 0), prints: undefined});
    } else {
      assert.ok(language === 'text' && behindSh, `a block of the chapter is neither sh nor what one prints:\n${body}`);
      blocks.at(-1).prints = body;
    }
    behindSh = language === 'sh' && text !== undefined;
  }
  return blocks;
}

// A line of … alone stands for any lines, also none.
function patternOf(text) {
  const escaped = text.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const lines = escaped.replace(/\n[ ]*…(?=\n|$)/g, '(?:\\n[^\\n]*)*?').replace(/^…\n/, '(?:[^\\n]*\\n)*?');
  return new RegExp(`^${lines.replace(/…/g, '[^\\n]*?')}\\s*$`);
}

function scriptOf(blocks) {
  const parts = blocks.map(({code, exit}, i) => {
    const run = exit === 0 ? code :
      `set +e\n${code}got=$?\nset -e\n[ $got = ${exit} ] || { echo "ended with $got, not ${exit}"; exit 99; }\n`;
    return `exec > ../printed.${i} 2>&1\n${run}`;
  });
  return `set -eo pipefail\n${parts.join('')}`;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject).listen(0, '127.0.0.1', () => {
      const {port} = server.address();
      server.close(() => resolve(port));
    });
  });
}

// Runs the blocks; answers {code, printed} with what each began block printed. The shell and the daemon that it
// may have left are a process group, which is ended.
async function run(blocks) {
  const folder = mkdtempSync(join(tmpdir(), 'regreen-readme-'));
  const here = join(folder, 'empty');
  try {
    mkdirSync(here);
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'home'));
    symlinkSync(binary, join(folder, 'bin', 'regreen'));
    const script = join(folder, 'script');
    writeFileSync(script, scriptOf(blocks).replaceAll(address, `127.0.0.1:${await freePort()}`));
    const child = spawn('bash', [script], {
      cwd: here, detached: true, stdio: 'ignore',
      env: {PATH: `${join(folder, 'bin')}:${process.env.PATH}`, HOME: join(folder, 'home'), LANG: 'C.UTF-8', SOURCES: sourceRoot},
    });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 120_000);
    const code = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (status, signal) => resolve(status ?? signal));
    });
    clearTimeout(timer);
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
    const printed = blocks.map((_, i) => {
      try {
        return readFileSync(join(folder, `printed.${i}`), 'utf8');
      } catch {
        return undefined;
      }
    });
    return {code, printed};
  } finally {
    rmSync(folder, {recursive: true, force: true, maxRetries: 10});
  }
}

// What is wrong with a run; undefined when nothing is.
function complaint(blocks, {code, printed}) {
  const last = printed.findLastIndex((text) => text !== undefined);
  if (code !== 0) return `block ${last} ended with ${code}:\n${blocks[last]?.code}\nand printed:\n${printed[last]}`;
  const wrong = blocks.flatMap(({code: text, prints}, i) =>
    prints === undefined || patternOf(prints).test(printed[i]) ? [] :
      [`block ${i}:\n${text}\nprinted:\n${printed[i]}\nand the chapter says:\n${prints}`]);
  return wrong.length === 0 ? undefined : wrong.join('\n');
}

test('the chapter does what it says, from an empty folder to a promoted template', async () => {
  const blocks = blocksOf(chapter());
  const commands = blocks.map(({code}) => code).join('');
  for (const command of ['triage', 'policy check', 'policy explain', 'policy test', 'policy show', 'fix', 'serve',
    'policy promote', 'policy backtest']) assert.ok(commands.includes(`regreen ${command} `), command);
  for (const {code, exit} of blocks) assert.ok(exit === 0 || code.trim().split('\n').length === 1, code);
  const wrong = complaint(blocks, await run(blocks));
  assert.ok(wrong === undefined, wrong);
});

// Each spoils one block; the blocks behind it need not run.
const spoilt = [
  {name: 'a misspelt command', block: /regreen triage/, from: 'triage', to: 'traige'},
  {name: 'a misspelt program', block: /regreen policy check/, from: 'cp -r', to: 'pc -r'},
  {name: 'a misspelt option', block: /--event/, from: '--event', to: '--evnt'},
  {name: 'a key that a template does not have', block: /regreen policy check/, from: 'open_per_repo', to: 'open_pre_repo'},
  {name: 'a pattern that does not match', block: /regreen policy test/, from: '"prices.txt"', to: '"price.txt"'},
];
for (const {name, block, from, to} of spoilt) {
  test(`this test fails for ${name}`, async () => {
    const all = blocksOf(chapter());
    const at = all.findIndex(({code}) => block.test(code));
    assert.ok(at >= 0 && all[at].code.includes(from));
    const blocks = all.slice(0, at + 1);
    blocks[at] = {...blocks[at], code: blocks[at].code.replace(from, to)};
    assert.match(complaint(blocks, await run(blocks)) ?? 'nothing', new RegExp(`^block ${at}`));
  });
}

test('this test fails for a command that should refuse and is misspelt, and for output that is not printed', async () => {
  const refusing = [{code: 'regreen policy promte sorted\n', exit: 1}];
  assert.match(complaint(refusing, await run(refusing)) ?? 'nothing', /ended with 2, not 1/);
  const printing = [{code: 'echo one; echo two\n', exit: 0, prints: 'one\nthree\n'}];
  assert.match(complaint(printing, await run(printing)) ?? 'nothing', /the chapter says:\none\nthree/);
  const wild = [{code: 'echo one; echo two; echo three\n', exit: 0, prints: 'o…e\n…\nthree\n'}];
  assert.equal(complaint(wild, await run(wild)), undefined);
});

// All keys that a JSON Schema knows, at any depth.
function keysOf(schema) {
  if (schema === null || typeof schema !== 'object') return [];
  const own = Array.isArray(schema) ? [] : Object.keys(schema.properties ?? {});
  return [...own, ...Object.values(schema).flatMap(keysOf)];
}

test('the reference names every key of templates and cases, and every policy command', async () => {
  const text = readFileSync(join(sourceRoot, 'policies', 'README.md'), 'utf8');
  const reference = text.slice(text.indexOf('\n## Reference\n'));
  const words = new Set([...reference.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code.match(/[a-z_-]+/g) ?? []));
  for (const kind of ['template', 'fixture']) {
    const {code, stdout, stderr} = await runCommand(['policy', 'schema', kind]);
    assert.equal(code, 0, stderr);
    const keys = keysOf(JSON.parse(stdout));
    assert.ok(keys.length > 10, `${kind}: ${keys}`);
    assert.deepEqual(keys.filter((key) => !words.has(key)), [], `keys of a ${kind} that the reference does not name`);
  }
  const help = (await runCommand(['policy', '--help'])).stdout;
  const commands = [...help.slice(help.search(/^subcommands:/im)).matchAll(/^  ([a-z-]+) /gm)].map(([, name]) => name);
  assert.ok(commands.includes('promote'), help);
  assert.deepEqual(commands.filter((name) => !words.has(name)), []);
});
