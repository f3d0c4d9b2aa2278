// The daemon dies as by a power cut at each point where that could lose or double something. Started
// again, it ends with exactly one task, one branch and one pull request.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {until} from './lab/wait.mjs';

const points = ['accept.committed', 'collect.read', 'collect.committed', 'repair.reproduced', 'repair.captured',
  'repair.verified', 'repair.committed', 'publish.pushed', 'publish.change_opened', 'publish.committed'];

// Each waits for a lease to end, so several at once take no longer than one.
describe('a power cut', {concurrency: 3}, () => {
  for (const point of points) {
    test(`at ${point} loses nothing and doubles nothing`, inLab({}, async (lab) => {
      await lab.daemon.start({environment: {REGREEN_CRASH_POINT: point}});
      const run = lab.failedRun();
      // At the first point the daemon is gone before it has answered.
      const answer = await lab.deliverRun(run).catch(() => undefined);
      if (point !== 'accept.committed') assert.equal(answer?.status, 202);
      await until(`the daemon died at ${point}`, () => lab.daemon.exit, {seen: () => lab.daemon.log().slice(-500)});
      assert.equal(lab.daemon.exit.code, 137);

      await lab.daemon.start();
      await lab.taskIn('watching', {seconds: 90});
      assert.equal(lab.github.pulls.length, 1);
      assert.equal(lab.regreenBranches().length, 1);
    }));
  }
});
