// The real coding agents, from npm, and a lab in which they repair with a scripted model.
import {spawnSync} from 'node:child_process';
import {appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {actionsLog, makePolicies, sourceRoot} from './samples.mjs';
import {startModel} from './model.mjs';

const here = join(dirname(fileURLToPath(import.meta.url)), '..', 'agents');
const folder = process.env.REGREEN_AGENTS ?? join(sourceRoot, 'build', 'agents');
const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const triple = `${arch === 'x64' ? 'x86_64' : 'aarch64'}-unknown-linux-musl`;
const modules = join(folder, 'node_modules');

export const programs = {
  claude: join(modules, `@anthropic-ai/claude-code-linux-${arch}/claude`),
  codex: join(modules, `@openai/codex-linux-${arch}/vendor/${triple}/bin/codex`),
  opencode: join(modules, `opencode-linux-${arch}/bin/opencode`),
};

// Brings them by npm where they are not there yet (1.1 GB, kept below build/). Answers why they are not
// here, or false.
export function agentsMissing() {
  const wanted = 'package.json';
  const fresh = existsSync(join(folder, wanted)) &&
    readFileSync(join(folder, wanted), 'utf8') === readFileSync(join(here, wanted), 'utf8');
  if (fresh && Object.values(programs).every((file) => existsSync(file))) return false;
  mkdirSync(folder, {recursive: true});
  // Several test files may ask at once: one brings them, and the others find them. The versions are exact; what is
  // for this machine is chosen by npm.
  const bring = `cmp -s "$1/${wanted}" ${wanted} && test -e .complete && exit 0
    cp "$1/${wanted}" "$1/package-lock.json" "$1/.npmrc" . && npm install --no-audit --no-fund && touch .complete`;
  const npm = spawnSync('flock', [join(folder, '.lock'), 'sh', '-c', bring, 'sh', here],
    {cwd: folder, encoding: 'utf8', timeout: 250_000});
  const lacking = Object.keys(programs).filter((name) => !existsSync(programs[name]));
  return lacking.length > 0 &&
    `npm did not bring ${lacking.join(', ')}: ${(npm.stderr ?? `${npm.error}`).trim().split('\n').slice(-3).join(' ')}`;
}

const toml = (value) => JSON.stringify(value);

// What each needs in the configuration: its egress set (with the model's address), and itself.
const kinds = {
  claude: {call: ['POST /v1/messages'], header: 'x-api-key', prefix: '',
    agent: `kind = "claude"\ncommand = ${toml(programs.claude)}`},
  codex: {call: ['POST /v1/responses'], header: 'authorization', prefix: 'Bearer ',
    agent: `kind = "codex"\ncommand = ${toml(programs.codex)}\nmodel = "scripted"`},
  opencode: {call: ['POST /v1/chat/completions'], header: 'authorization', prefix: 'Bearer ',
    agent: `kind = "acp"\ncommand = ${toml(`${programs.opencode} acp`)}
[agent.robot.env]
OPENCODE_DISABLE_AUTOUPDATE = "1"
OPENCODE_DISABLE_MODELS_FETCH = "1"
OPENCODE_DISABLE_LSP_DOWNLOAD = "1"
OPENCODE_DISABLE_DEFAULT_PLUGINS = "1"
OPENCODE_CONFIG_CONTENT = '''${JSON.stringify({model: 'regreen/scripted', share: 'disabled', autoupdate: false,
    provider: {regreen: {npm: '@ai-sdk/openai-compatible', name: 'regreen',
      options: {baseURL: '{url}/v1', apiKey: 'added-outside'}, models: {scripted: {name: 'scripted'}}}}})}'''`},
};
export const agentNames = Object.keys(kinds);

export const theKey = 'sk-the-real-key-of-the-operator';

// A template with one rung, `robot`, and a configuration in which it is an agent of one kind. `agent`,
// `network` and `step` are more lines of theirs.
export function useAgent(lab, name, model, {agent = '', network = '', step = '', rounds = 2, match = 'class = ["compile", "test", "unknown"]',
  guard = '', verify = 'make check', command} = {}) {
  const kind = kinds[name];
  makePolicies(join(lab.folder, 'policies'), {robot: `
name = "robot"
title = "Ask a coding agent"
stage = "suggest"
[match]
${match}
[[step]]
name = "robot"
agent = "robot"
prompt = "prompts/robot.md"
rounds = ${rounds}
${step}
[verify]
command = ${toml(verify)}
[guard]
${guard}
`});
  mkdirSync(join(lab.folder, 'policies/prompts'), {recursive: true});
  writeFileSync(join(lab.folder, 'policies/prompts/robot.md'),
    'The CI is red: {{signature}}.\nThe failing command: {{command}}\n{{evidence}}\n');
  writeFileSync(join(lab.folder, 'model-key'), theKey, {mode: 0o600});
  const split = kind.agent.includes('\n[') ? kind.agent.indexOf('\n[') : kind.agent.length;
  const rest = kind.agent.slice(split);
  const main = kind.agent.slice(0, split).replace(/command = .*/, (own) => command ? `command = ${toml(command)}` : own);
  appendFileSync(lab.config, `
[network.brain]
kind = "model"
upstream = ${toml(model.url)}
paths = ${toml(kind.call)}
key = ${toml(`file:${lab.folder}/model-key`)}
key_header = ${toml(kind.header)}
key_prefix = ${toml(kind.prefix)}
prices = { "*" = "input=3 output=15 cache_read=0.3" }
${network}
[agent.robot]
${main}
network = "brain"
timeout = "200s"
${/silence/.test(agent) ? '' : 'silence = "150s"'}
${agent}
${rest}
`);
}

// Projects that are red by a real tool, with the edit that repairs each.
export const projects = {
  cpp: {
    files: {
      Makefile: 'check:\n\tg++ -std=c++17 -Wall -Werror -o /tmp/area area.cc && /tmp/area\n',
      'area.cc': '#include <cstdio>\nint area(int width, int height) { return width * hieght; }\n' +
        'int main() { std::printf("%d\\n", area(2, 3)); return area(2, 3) == 6 ? 0 : 1; }\n',
    },
    log: actionsLog(['##[group]Run make check', 'shell: /usr/bin/bash -e {0}', '##[endgroup]',
      "area.cc:2:58: error: 'hieght' was not declared in this scope; did you mean 'height'?",
      'make: *** [Makefile:2: check] Error 1', '##[error]Process completed with exit code 2.']),
    wrong: "sed -i 's/hieght/width/' area.cc", right: "sed -i -E 's/hieght|width;/height/; s/width \\* width/width * height/' area.cc",
    fixed: ['area.cc', /width \* height/],
  },
  js: {
    files: {
      Makefile: 'check:\n\tnode --test\n',
      'area.js': 'exports.area = (width, height) => width + height;\n',
      'area.test.js': "const {test} = require('node:test');\nconst assert = require('node:assert');\n" +
        "const {area} = require('./area.js');\ntest('area', () => assert.equal(area(2, 3), 6));\n",
    },
    log: actionsLog(['##[group]Run make check', 'shell: /usr/bin/bash -e {0}', '##[endgroup]',
      'TAP version 13', '# Subtest: area', 'not ok 1 - area', '  ---', "  error: |-", '    Expected values to be strictly equal:',
      '    5 !== 6', '# tests 1', '# pass 0', '# fail 1', 'make: *** [Makefile:2: check] Error 1',
      '##[error]Process completed with exit code 2.']),
    wrong: "sed -i 's/width + height/width - height/' area.js", right: "sed -i 's/width + height/width * height/' area.js",
    fixed: ['area.js', /width \* height/],
  },
};

const workflow = `name: CI
on: [push]
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - name: Checkout
        uses: actions/checkout@v4
      - name: Check
        run: make check
`;

// The options of a lab with one of those projects, in which the programs can be seen.
export function labOf(project, {files = {}, readOnly = true, ...config} = {}) {
  return {
    templates: {}, files: {...project.files, '.github/workflows/ci.yml': workflow, ...files},
    config: {workspace: readOnly ? `read_only_paths = [${toml(modules)}]` : '', ...config},
  };
}

// What the model was told in the first request of a round.
export function promptOf(request) { return JSON.stringify(request.body.messages ?? request.body.input); }

// A test body with a lab and a model: starts both, and ends both.
export function withModel(body) {
  return async (lab, t) => {
    const model = await startModel(() => ({say: 'No script was given.'}));
    try {
      await body(lab, model, t);
    } finally {
      await model.stop();
    }
  };
}
