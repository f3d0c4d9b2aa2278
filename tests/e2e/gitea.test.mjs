// The main job on Gitea: a red run's signed webhook becomes exactly one pull request.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {fixedTable, git} from './lab/samples.mjs';

test('a red run becomes one draft pull request with a proven repair, and is followed to its merge',
  inLab({forge: 'gitea'}, async (lab) => {
    await lab.daemon.start();
    const run = lab.giteaRun();
    const answer = await lab.deliverGiteaRun(run, {guid: 'one'});
    assert.equal(answer.status, 202, answer.text);
    assert.equal((await lab.deliverGiteaRun(run, {guid: 'one'})).status, 200, 'a repetition is known');
    await lab.taskIn('watching');

    assert.equal(lab.gitea.pulls.length, 1);
    const [pull] = lab.gitea.pulls;
    assert.deepEqual([pull.base, pull.title, pull.labels], ['main', 'WIP: Regenerate table.txt', ['regreen', 'generated']]);
    assert.match(pull.body, /table\.txt is out of date/, 'the evidence is in the text');
    const bare = lab.gitea.gitFolder(lab.name);
    assert.equal(git(bare, 'rev-parse', `${pull.head}^`), lab.commit);
    assert.equal(git(bare, 'show', `${pull.head}:table.txt`) + '\n', fixedTable);
    lab.gitea.merge(pull.number);
    await lab.taskIn('merged');
  }));
