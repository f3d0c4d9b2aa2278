// What is not ours to repair is dropped, with the why of it on record.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {commitTo} from './lab/samples.mjs';

async function nothingWasDone(lab) {
  await lab.idle();
  assert.deepEqual(await lab.daemon.tasks(), []);
  assert.deepEqual(lab.github.pulls, []);
  assert.deepEqual(lab.regreenBranches(), []);
}

test('a green run', inLab({}, async (lab) => {
  await lab.daemon.start();
  const answer = await lab.deliverRun(lab.failedRun({conclusion: 'success'}));
  assert.equal(answer.status, 202);
  await lab.decision('ignored', /success/);
  await nothingWasDone(lab);
}));

test('a run that GitHub says is green, whatever the webhook said', inLab({}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun({conclusion: 'success'});
  await lab.deliverRun({...run, conclusion: 'failure'});
  await lab.decision('dropped', /success/);
  await nothingWasDone(lab);
}));

test('a run of a fork', inLab({}, async (lab) => {
  const fork = lab.github.addRepo('mallory/widget');
  await lab.daemon.start();
  await lab.deliverRun(lab.failedRun({headRepo: fork, event: 'pull_request'}));
  await lab.decision('dropped', /fork/);
  await nothingWasDone(lab);
}));

test('a run of a commit that the branch has left behind', inLab({}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun();
  commitTo(lab.remotes, 'acme/widget', {'README.md': '# moved on\n'}, 'Move on');
  await lab.deliverRun(run);
  await lab.decision('dropped', /superseded/);
  await nothingWasDone(lab);
}));

test('a run that was started again since', inLab({}, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun();
  lab.failedRun({id: run.id, attempt: 2, conclusion: null, status: 'in_progress', jobs: []});
  await lab.deliverRun(run);
  await lab.decision('dropped', /superseded/);
  await nothingWasDone(lab);
}));

test('a run of a branch of ours', inLab({}, async (lab) => {
  const branch = 'regreen/stale-table-01234567';
  const commit = commitTo(lab.remotes, 'acme/widget', {'table.txt': 'still wrong\n'}, 'A try', branch);
  await lab.daemon.start();
  await lab.deliverRun(lab.failedRun({branch, commit}));
  await lab.decision('dropped', /branch of ours/);
  await lab.idle();
  assert.deepEqual(await lab.daemon.tasks(), []);
  assert.deepEqual(lab.github.pulls, []);
}));

test('a failure that no template matches', inLab({}, async (lab) => {
  await lab.daemon.start();
  await lab.deliverRun(lab.failedRun({log: '2024-05-01T10:00:00.0Z something else broke\n'}));
  await lab.decision('unmatched', /stale-table/);
  await nothingWasDone(lab);
}));

test('a repository that the configuration does not name', inLab({}, async (lab) => {
  lab.github.addRepo('other/widget');
  await lab.daemon.start();
  const run = lab.github.addRun({repo: 'other/widget', commit: lab.commit});
  lab.repo = lab.github.repos.get('other/widget');
  const answer = await lab.deliverRun(run);
  assert.equal(answer.status, 202);
  await lab.idle();
  assert.deepEqual(await lab.daemon.tasks(), []);
  assert.ok((await lab.decisions()).length > 0, 'the why is on record');
}));
