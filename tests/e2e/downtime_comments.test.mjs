// What no webhook told is found, and people steer by comments.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {git, regenerateTable} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';
import {commentPayload} from './lab/webhook.mjs';

const held = {'stale-table': `hold = true\n${regenerateTable}`};
const sweep = {forge: 'sweep = ["acme/widget"]\nsweep_every = "1m"\nlook_back = "1h"'};

test('a run that failed while nobody listened is found at the start; who may write approves it by a comment',
  inLab({templates: held, config: sweep}, async (lab) => {
    git(lab.github.gitFolder('acme/widget'), 'branch', 'feature', 'main');
    const run = lab.failedRun({branch: 'feature'});
    run.updated = new Date(Date.now() - 600_000).toISOString().replace(/\.\d+Z/, 'Z');
    const pull = lab.github.addPull({repo: 'acme/widget', head: 'feature'});
    lab.github.people = {octocat: {id: 1, permission: 'write'}, guest: {id: 2, permission: 'read'}};
    await lab.daemon.start();
    await lab.taskIn('held', {seconds: 15});
    await lab.decision('reconciled', /found 1 failed run/);
    assert.match(await lab.daemon.metrics(), /^regreen_reconcile_missed_runs_total\{forge="github"\} 1$/m);

    const say = (id, author, authorId) => lab.deliver('issue_comment',
      commentPayload(lab.repo, pull, {id, author, authorId, text: 'Good.\n\n/regreen approve'}));
    assert.equal((await say(70, 'guest', 2)).status, 202);
    await lab.decision('ignored', /by guest: who may not write/);
    assert.equal((await say(71, 'octocat', 1)).status, 202);
    assert.equal((await say(71, 'octocat', 1)).status, 200, 'another hook tells of the same comment');
    await lab.taskIn('watching', {seconds: 20});
    await until('the thumb is there', () => lab.github.reactions?.length === 1);
    assert.deepEqual(lab.github.reactions, ['71 +1']);
    assert.match((await lab.daemon.command('doctor')).stdout, /sweep.*every 1m/);
  }));
