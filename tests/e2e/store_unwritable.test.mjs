// A store that cannot be written: nothing is acknowledged, and the daemon says so; when it can be again,
// work goes on without a restart.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {test} from 'node:test';
import {promisify} from 'node:util';

import {inLab} from './lab/lab.mjs';
import {until} from './lab/wait.mjs';

// RLIMIT_FSIZE of the running daemon stands for a full disk: writes beyond it fail, for root as well.
function limitFileSize(pid, bytes) {
  return promisify(execFile)('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
}

test('503 while the disk is full, 202 when it is not any more', inLab({}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun();
  const {pid} = lab.daemon.child;
  await limitFileSize(pid, 1);
  const refused = await lab.deliverRun(run);
  assert.equal(refused.status, 503, refused.text);
  assert.match(await (await fetch(`${lab.daemon.url}/healthz`)).text(), /ok/, 'it is alive');
  const ready = await lab.daemon.get('/readyz');
  assert.equal(ready.status, 503, 'it says that it cannot take anything');
  assert.match(await lab.daemon.metrics(), /outcome="unavailable"\} 1/);

  await limitFileSize(pid, 'unlimited');
  await until('it is ready again', async () => (await lab.daemon.get('/readyz')).status === 200);
  assert.deepEqual(await lab.daemon.tasks(), [], 'what was refused left nothing behind');
  const taken = await lab.deliverRun(run);
  assert.equal(taken.status, 202, taken.text);
  await lab.taskIn('watching');
  assert.equal(lab.github.pulls.length, 1);
}));
