// The newcomer's first minute: deploy/quickstart.sh with the binary that was built.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';

import {binary} from './lab/daemon.mjs';
import {sourceRoot} from './lab/samples.mjs';

function quickstart(place, args = [], program = binary) {
  return new Promise((resolve) => {
    execFile('bash', [join(sourceRoot, 'deploy', 'quickstart.sh'), ...args], {
      env: {PATH: process.env.PATH, HOME: process.env.HOME, REGREEN_BIN: program, QUICKSTART_DIR: place},
      timeout: 120_000,
    }, (error, stdout, stderr) => resolve({code: error?.code ?? 0, stdout, stderr}));
  });
}

function inPlace(body) {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'regreen-quickstart-'));
    try {
      await body(join(folder, 'place'), folder);
    } finally {
      rmSync(folder, {recursive: true, force: true});
    }
  };
}

test('it shows red, the repair, green, and how to go on; again and cleaned up', inPlace(async (place) => {
  for (const round of [1, 2]) {
    const {code, stdout, stderr} = await quickstart(place);
    assert.equal(code, 0, `round ${round}: ${stdout}${stderr}`);
    for (const word of [/out of date/, /reproduced/, /verified/, /\+#define ERROR_unavailable 503/,
      /red → green/, /regreen\/stale-header-[0-9a-f]{8}/, /--clean/]) assert.match(stdout, word);
    assert.ok(!existsSync(join(place, 'daemon.pid')), 'its daemon is ended');
  }
  assert.equal((await quickstart(place, ['--clean'])).code, 0);
  assert.ok(!existsSync(place));
}));

test('--keep-running leaves the daemon, and --clean ends it', inPlace(async (place) => {
  const {code, stdout, stderr} = await quickstart(place, ['--keep-running']);
  assert.equal(code, 0, stdout + stderr);
  const address = /listens on (\S+)/.exec(stdout)[1];
  assert.equal((await fetch(`http://${address}/healthz`)).status, 200);
  assert.equal((await quickstart(place, ['--clean'])).code, 0);
  await assert.rejects(fetch(`http://${address}/healthz`));
}));

test('a daemon that does not start is told with the end of its log', inPlace(async (place, folder) => {
  const broken = join(folder, 'regreen');
  writeFileSync(broken, '#!/bin/sh\n[ "$1" = check ] && exit 0\necho "the machine is on fire" >&2\nexit 1\n', {mode: 0o755});
  const {code, stderr} = await quickstart(place, [], broken);
  assert.equal(code, 1);
  assert.match(stderr, /the daemon ended at its start/);
  assert.match(stderr, /on fire/);
}));

test('a folder that it did not make is left alone', inPlace(async (place, folder) => {
  writeFileSync(join(folder, 'precious.txt'), 'mine\n');
  const {code, stderr} = await quickstart(folder);
  assert.equal(code, 1);
  assert.match(stderr, /was not made by this script/);
  assert.ok(existsSync(join(folder, 'precious.txt')));
}));
