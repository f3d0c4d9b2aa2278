// However often a failure is told, it is one task and one pull request.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {commitTo} from './lab/samples.mjs';

test('the same delivery twice is accepted once', inLab({}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun(), guid = randomUUID();
  const first = await lab.deliverRun(run, {guid});
  const second = await lab.deliverRun(run, {guid});
  assert.deepEqual([first.status, second.status], [202, 200]);
  await lab.taskIn('watching');
  const third = await lab.deliverRun(run, {guid});
  assert.equal(third.status, 200);
  await lab.idle();
  await lab.taskIn('watching');
  assert.equal(lab.github.pulls.length, 1);
}));

test('twenty copies at once are accepted once', inLab({}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun(), guid = randomUUID();
  const answers = await Promise.all(Array.from({length: 20}, () => lab.deliverRun(run, {guid})));
  assert.deepEqual(answers.map((a) => a.status).sort(), [...Array(19).fill(200), 202]);
  await lab.taskIn('watching');
  assert.equal(lab.github.pulls.length, 1);
}));

test('another run that shows the same failure is an occurrence, not a second task', inLab({}, async (lab) => {
  await lab.daemon.start();
  await lab.deliverRun(lab.failedRun());
  await lab.taskIn('watching');
  const again = await lab.deliverRun(lab.failedRun());
  assert.equal(again.status, 202);
  await lab.decision('occurrence', /./);
  await lab.idle();
  await lab.taskIn('watching');
  assert.equal(lab.github.pulls.length, 1);
  assert.equal(lab.regreenBranches().length, 1);
}));

test('the same failure on two release branches is a change for each', inLab({}, async (lab) => {
  await lab.daemon.start();
  for (const branch of ['release/1', 'release/2']) {
    const commit = commitTo(lab.remotes, 'acme/widget', {'README.md': `# ${branch}\n`}, 'Prepare', branch);
    await lab.deliverRun(lab.failedRun({branch, commit}));
  }
  await lab.tasksWhen('both are watched', (all) => all.length === 2 && all.every((t) => t.state === 'watching'));
  assert.deepEqual(lab.openPulls().map((p) => p.base).sort(), ['release/1', 'release/2']);
  assert.equal(new Set(lab.regreenBranches()).size, 2);
}));
