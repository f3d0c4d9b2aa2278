// GitHub's own recorded payloads, every one of them, signed: verified, so answered 2xx, and none of them
// makes a task, since none tells of a failure of a repository of ours.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {recorded} from './lab/webhook.mjs';

test('every recorded payload of GitHub is taken, each comment once', inLab({}, async (lab) => {
  await lab.daemon.start();
  const answers = [];
  // A comment is one delivery, whichever hooks tell of it: some recorded ones are the same comment.
  const comments = new Set();
  for (const {name, examples} of recorded) {
    for (const [i, payload] of examples.entries()) {
      const {status, text} = await lab.deliver(name, payload);
      const comment = /^(issue|pull_request_review)_comment$/.test(name) && payload.action === 'created' &&
        `${name} ${payload.comment.id}`;
      const again = comments.has(comment);
      if (comment) comments.add(comment);
      if (status !== (again ? 200 : 202)) answers.push(`${name} ${i} (${payload.action}): ${status} ${text}`);
    }
  }
  assert.deepEqual(answers, []);
  await lab.idle();
  assert.deepEqual(await lab.daemon.tasks(), []);
  const decisions = await lab.decisions();
  assert.ok(decisions.some((d) => d.kind === 'ignored' && /ping/.test(d.reason)));
}));
