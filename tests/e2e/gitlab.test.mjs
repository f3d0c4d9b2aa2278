// The main job on GitLab: a red pipeline's signed webhook becomes exactly one merge request.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {fixedTable, git, regenerateTable} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

test('a red pipeline becomes one draft merge request with a proven repair, and is followed to its merge',
  inLab({forge: 'gitlab'}, async (lab) => {
    await lab.daemon.start();
    const pipeline = lab.pipeline();
    const answer = await lab.deliverPipeline(pipeline, {id: 'msg-1'});
    assert.equal(answer.status, 202, answer.text);
    assert.equal((await lab.deliverPipeline(pipeline, {id: 'msg-1'})).status, 200, 'a repetition is known');
    const task = await lab.taskIn('watching');

    assert.equal(lab.gitlab.mergeRequests.length, 1);
    const [request] = lab.gitlab.mergeRequests;
    assert.deepEqual([request.target_branch, request.title, request.labels],
      ['main', 'Draft: Regenerate table.txt', ['regreen', 'generated']]);
    assert.match(request.source_branch, /^regreen\/stale-table-[0-9a-f]{8}$/);
    assert.match(request.description, /table\.txt is out of date/, 'the evidence is in the text');
    assert.match(request.description, /make check/, 'the command of .gitlab-ci.yml proves it');
    const bare = lab.gitlab.gitFolder(lab.name);
    assert.equal(git(bare, 'rev-parse', `${request.source_branch}^`), lab.commit);
    assert.equal(git(bare, 'show', `${request.source_branch}:table.txt`) + '\n', fixedTable);
    lab.gitlab.merge(request.iid);
    await lab.taskIn('merged');
    const shown = (await lab.daemon.command('task', 'show', task.id)).stdout;
    assert.match(shown, /verified/);
  }));

test('what is not signed, or signed long ago, is refused', inLab({forge: 'gitlab'}, async (lab) => {
  await lab.daemon.start();
  const pipeline = lab.pipeline();
  const late = await lab.deliverPipeline(pipeline, {at: Date.now() - 3600_000});
  assert.equal(late.status, 401, late.text);
  const forged = await lab.deliverPipeline(pipeline, {headers: {'webhook-signature': 'v1,AAAA', 'X-Gitlab-Token': lab.secret}});
  assert.equal(forged.status, 401, forged.text);
  assert.equal((await lab.deliverPipeline(pipeline)).status, 202);
  await lab.taskIn('watching');
}));

test('the failed jobs are retried once, and a green retry is a flake', inLab({
  forge: 'gitlab',
  templates: {flaky: regenerateTable.replace('"stale-table"', '"flaky"')
    .replace(/\[\[step\]\][^[]*/, '[[step]]\nrerun = 1\n')},
}, async (lab) => {
  await lab.daemon.start();
  const pipeline = lab.pipeline();
  await lab.deliverPipeline(pipeline);
  await lab.taskIn('rerunning');
  await until('the job is retried', () => pipeline.jobs.length === 2);
  lab.gitlab.finishPipeline(pipeline.id, 'success');
  await lab.deliverPipeline(pipeline);
  await lab.taskIn('recovered');
  assert.equal(pipeline.jobs.length, 2);
  assert.deepEqual(lab.gitlab.mergeRequests, []);
}));

test('GitLab being down for a moment costs a retry, not the repair', inLab({forge: 'gitlab'}, async (lab) => {
  lab.gitlab.fail('pipelines/get', {status: 502});
  lab.gitlab.fail('merge_requests/create', {status: 503});
  await lab.daemon.start();
  await lab.deliverPipeline(lab.pipeline());
  await lab.taskIn('watching', {seconds: 90});
  assert.equal(lab.gitlab.mergeRequests.length, 1);
}));
