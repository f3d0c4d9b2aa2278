// A store that cannot be written: nothing is acknowledged, and the daemon says so; when it can be again,
// work goes on without a restart.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {until} from './lab/wait.mjs';

// A full disk, as the daemon sees it: while strace is attached, every write at an offset (SQLite's, and
// nobody else's) fails by ENOSPC. Answers how to end it, or undefined where strace may not attach.
async function fillDisk(pid) {
  const strace = spawn('strace', ['-f', '-p', String(pid), '-o', '/dev/null', '-e', 'trace=pwrite64',
    '-e', 'inject=pwrite64:error=ENOSPC'], {stdio: ['ignore', 'ignore', 'pipe']});
  let said = '', ended = false;
  strace.stderr.on('data', (bytes) => { said += bytes; });
  strace.on('error', (error) => { said += error.message; ended = true; });
  const closed = new Promise((resolve) => {
    strace.on('close', () => { ended = true; resolve(); });
  });
  await until('strace is attached', () => ended || /attached/.test(said), {seen: () => said});
  if (ended) return {refused: said.trim()};
  return {end: () => { strace.kill('SIGINT'); return closed; }};
}

test('503 while the disk is full, 202 when it is not any more', inLab({}, async (lab, t) => {
  await lab.daemon.start();
  const run = lab.failedRun();
  const disk = await fillDisk(lab.daemon.child.pid);
  if (disk.refused) {
    t.skip(`strace cannot attach here: ${disk.refused}`);
    return;
  }
  try {
    const refused = await lab.deliverRun(run);
    assert.equal(refused.status, 503, refused.text);
    assert.equal((await lab.daemon.get('/healthz')).status, 200, 'it is alive');
    const ready = await lab.daemon.get('/readyz');
    assert.equal(ready.status, 503, 'it says that it cannot take anything');
    assert.match(await lab.daemon.metrics(), /outcome="unavailable"\} 1/);
  } finally {
    await disk.end();
  }
  await until('it is ready again', async () => (await lab.daemon.get('/readyz')).status === 200);
  assert.deepEqual(await lab.daemon.tasks(), [], 'what was refused left nothing behind');
  const taken = await lab.deliverRun(run);
  assert.equal(taken.status, 202, taken.text);
  await lab.taskIn('watching');
  assert.equal(lab.github.pulls.length, 1);
}));
