// The main job as a GitHub App: no token is configured, the app's installation gives it.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';

test('a GitHub App repairs with one token for one repository, and no more rights than that needs',
  inLab({app: true}, async (lab) => {
    await lab.daemon.start();
    const answer = await lab.deliverRun(lab.failedRun());
    assert.equal(answer.status, 202, answer.text);
    await lab.taskIn('watching');
    assert.equal(lab.github.pulls.length, 1);
    assert.equal(lab.github.tokensGiven, 1, 'the token is kept');
    assert.ok(!lab.daemon.log().includes(lab.token), 'the token is in no log');
    assert.ok(!lab.daemon.log().includes('PRIVATE KEY'));
    lab.github.merge(lab.github.pulls[0].number);
    await lab.taskIn('merged');
  }));
