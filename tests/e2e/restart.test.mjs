// Asked to stop in the middle of work, the daemon stops soon and goes on with it when it is back.
import assert from 'node:assert/strict';
import {existsSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {regenerateTable} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

// A step that takes until long after the test's patience, unless it is the second try: the worktree kind
// can see the marker file outside.
function slowOnce(marker) {
  return regenerateTable.replace('run  = "make table"',
    `run  = "if [ ! -e ${marker}.slow ]; then make table; else touch ${marker}.begun; sleep 300; fi"`);
}

test('SIGTERM in the middle of a repair: it ends soon with 0, and the repair is done after a restart',
  inLab({config: {kind: 'worktree'}}, async (lab) => {
    const marker = join(lab.folder, 'marker');
    writeFileSync(join(lab.folder, 'policies', 'templates', 'stale-table.toml'), slowOnce(marker));
    writeFileSync(`${marker}.slow`, '');
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    await until('the slow step has begun', () => existsSync(`${marker}.begun`));

    const before = Date.now();
    assert.deepEqual(await lab.daemon.stop(), {code: 0, signal: null});
    assert.ok(Date.now() - before < 15_000, 'it ends within seconds');
    assert.deepEqual(readdirSync(join(lab.folder, 'workspaces')), [], 'no workspace is left');

    rmSync(`${marker}.slow`);
    await lab.daemon.start();
    await lab.taskIn('watching');
    assert.equal(lab.github.pulls.length, 1);
  }));

test('what was accepted before a kill is worked off after it', inLab({config: {workers: 1}}, async (lab) => {
  await lab.daemon.start();
  const answers = await Promise.all(Array.from({length: 10}, () => lab.deliverRun(lab.failedRun())));
  assert.deepEqual([...new Set(answers.map((a) => a.status))], [202]);
  await lab.daemon.stop('SIGKILL');
  await lab.daemon.start();
  await lab.taskIn('watching', {seconds: 90});
  await lab.idle();
  assert.equal(lab.github.pulls.length, 1);
}));

test('a second daemon on the same store is refused with a sentence', inLab({}, async (lab) => {
  await lab.daemon.start();
  const {code, stderr} = await lab.daemon.command('serve');
  assert.equal(code, 1);
  assert.match(stderr, /another regreen serves/);
}));
