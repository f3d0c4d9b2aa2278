// The main job: a failure webhook becomes exactly one pull request with a proven repair.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {fixedTable, git} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

test('a failed run becomes one draft pull request with a proven repair, and is followed to its merge',
  inLab({}, async (lab) => {
    await lab.daemon.start();
    const answer = await lab.deliverRun(lab.failedRun());
    assert.equal(answer.status, 202, answer.text);
    const task = await lab.taskIn('watching');

    assert.equal(lab.github.pulls.length, 1);
    const [pull] = lab.github.pulls;
    assert.deepEqual([pull.base, pull.title, pull.draft], ['main', 'Regenerate table.txt', true]);
    assert.match(pull.head, /^regreen\/stale-table-[0-9a-f]{8}$/);
    assert.deepEqual(lab.github.labels.get(`acme/widget#${pull.number}`), ['regreen', 'generated']);
    assert.match(pull.body, /table\.txt is out of date/, 'the evidence is in the text');
    assert.match(pull.body, /make check/, 'the command that proves it is in the text');
    assert.match(pull.body, new RegExp(task.id));

    const bare = lab.github.gitFolder('acme/widget');
    assert.equal(git(bare, 'rev-parse', `${pull.head}^`), lab.commit, 'one commit on top of the failing one');
    assert.equal(git(bare, 'diff', '--name-only', `main..${pull.head}`), 'table.txt');
    assert.equal(git(bare, 'show', `${pull.head}:table.txt`) + '\n', fixedTable);

    const shown = (await lab.daemon.command('task', 'show', task.id)).stdout;
    for (const word of [/reproduced/, /captured/, /verified/, /pushed/, /watching/]) assert.match(shown, word);
    assert.match((await lab.daemon.command('task', 'diff', task.id)).stdout, /\+fig/);
    assert.match((await lab.daemon.command('task', 'log', task.id)).stdout, /table\.txt is out of date/);
    const metrics = await lab.daemon.metrics();
    assert.match(metrics, /^regreen_tasks\{state="watching",template="stale-table"\} 1$/m);
    assert.match(metrics, /^regreen_deliveries_total\{ci="github",outcome="accepted"\} 1$/m);

    lab.github.merge(pull.number);
    await lab.taskIn('merged');
    assert.equal(lab.github.pulls.length, 1);
  }));

test('a closed pull request is taken for a no', inLab({}, async (lab) => {
  await lab.daemon.start();
  await lab.deliverRun(lab.failedRun());
  await lab.taskIn('watching');
  lab.github.pulls[0].state = 'closed';
  await lab.taskIn('declined');
}));

test('the same job on plain git remotes leaves a branch', inLab({forge: 'local'}, async (lab) => {
  await lab.daemon.start();
  const answer = await lab.deliverGeneric();
  assert.equal(answer.status, 202, answer.text);
  await lab.taskIn('watching');
  const bare = `${lab.remotes}/acme/widget.git`;
  const [branch, ...others] = git(bare, 'for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads/regreen').split('\n');
  assert.deepEqual(others, []);
  assert.equal(git(bare, 'show', `${branch}:table.txt`) + '\n', fixedTable);
  git(bare, 'update-ref', 'refs/heads/main', git(bare, 'rev-parse', branch));
  await lab.taskIn('merged');
}));

test('GitHub being down for a moment costs a retry, not the repair', inLab({}, async (lab) => {
  lab.github.fail('actions/get-workflow-run', {status: 502}, 1);
  lab.github.fail('pulls/create', {status: 503}, 1);
  await lab.daemon.start();
  await lab.deliverRun(lab.failedRun());
  await lab.taskIn('watching', {seconds: 90});
  assert.equal(lab.github.pulls.length, 1);
  await until('no programmed failure is left', () => lab.github.failures.length === 0);
}));
