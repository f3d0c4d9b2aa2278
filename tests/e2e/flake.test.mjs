// Red, then green at the next attempt, on one commit: the failure is known as a flake from then on.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {regenerateTable} from './lab/samples.mjs';

const forFlakes = {'stale-table': regenerateTable.replace('[match]\n', '[match]\nflaky = true\n')};

async function showsItsHistory(lab) {
  const task = await lab.taskIn('watching');
  const shown = await lab.daemon.command('task', 'show', task.id);
  assert.match(shown.stdout,
    /^history {4}seen in 1 run before; 1 recovered at the same commit \(flaky\); 0 fixed by a merged change$/m);
  const {incident} = await lab.daemon.json('task', 'show', task.id);
  const {times, ...counts} = incident.history;
  assert.deepEqual(counts, {seen: 1, recovered: 1, fixed: 0, flaky: true});
  assert.equal(times.length, 1);
}

test('a run of GitHub that is green at its second attempt', inLab({templates: forFlakes}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun();
  await lab.deliverRun(run);
  await lab.decision('unmatched', /not known to be flaky/);
  assert.equal((await lab.deliverRun(lab.failedRun({id: run.id, attempt: 2, conclusion: 'success'}))).status, 202);
  await lab.decision('recovered', /attempt 2/);
  await lab.deliverRun(lab.failedRun());
  await showsItsHistory(lab);
}));

test('a run of any other CI that is green at its second attempt', inLab({forge: 'local', templates: forFlakes}, async (lab) => {
  await lab.daemon.start();
  await lab.deliverGeneric();
  await lab.decision('unmatched', /not known to be flaky/);
  await lab.deliverGeneric({run: {id: '17', attempt: 2, result: 'success'}, log: ''});
  await lab.decision('recovered', /attempt 2/);
  await lab.deliverGeneric({run: {id: '18', result: 'failure'}});
  await showsItsHistory(lab);
}));
