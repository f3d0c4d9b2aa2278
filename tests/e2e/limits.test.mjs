// Limits hold however many failures come at once and however many workers there are; what is held back
// says by what.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {regenerateAny} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

const kinds = ['birds', 'fish', 'fruit', 'stones', 'trees'];

async function failAtOnce(lab) {
  const runs = kinds.map((kind) => lab.failedRunOf(kind));
  const answers = await Promise.all(runs.map((run) => lab.deliverRun(run)));
  assert.deepEqual(answers.map((a) => a.status), kinds.map(() => 202));
}

const watched = (tasks) => tasks.filter((t) => t.state === 'watching');
const held = (tasks) => tasks.filter((t) => t.state === 'queued' && t.held_back !== '');

async function limitsOf(lab, name) {
  const found = (await lab.daemon.metrics()).match(new RegExp(`^regreen_tasks_held_back\\{limit="${name}"\\} (\\d+)$`, 'm'));
  return Number(found?.[1]);
}

// Nothing closes a pull request here but the test itself, so one too many would still be there.
test('open_per_repo of a template: five failures become one change after the other',
  inLab({templates: {'stale-table': `${regenerateAny}[limits]\nopen_per_repo = 1\n`},
    config: {kind: 'worktree', workers: 4}}, async (lab) => {
    await lab.daemon.start();
    await failAtOnce(lab);
    for (let merged = 0; merged < kinds.length; ++merged) {
      const wait = kinds.length - merged - 1;
      const tasks = await lab.tasksWhen(`one is open, ${merged} are merged and ${wait} are held back`, (all) =>
        watched(all).length === 1 && held(all).length === wait);
      assert.equal(tasks.length, kinds.length);
      assert.equal(lab.openPulls().length, 1);
      assert.equal(lab.github.pulls.length, merged + 1);
      for (const task of held(tasks)) {
        assert.equal(task.held_back,
          'held back: template "stale-table" has 1 change open or on the way (open_per_repo is 1)');
      }
      if (wait > 0) assert.ok(await limitsOf(lab, 'open_per_repo') > 0);
      lab.github.merge(lab.openPulls()[0].number);
    }
    await lab.tasksWhen('all are merged', (all) => all.every((t) => t.state === 'merged'));
    assert.equal(new Set(lab.github.pulls.map((p) => p.base)).size, kinds.length);
    assert.equal(await limitsOf(lab, 'open_per_repo'), 0);
  }));

test('per_day of the configuration: two begin, the others wait for tomorrow, also after a restart',
  inLab({templates: {'stale-table': regenerateAny},
    config: {kind: 'worktree', workers: 4, limits: 'per_day = 2'}}, async (lab) => {
    await lab.daemon.start();
    await failAtOnce(lab);
    const twoBegan = (all) => watched(all).length === 2 && held(all).length === 3;
    await lab.tasksWhen('two are open and three are held back', twoBegan);
    const listed = (await lab.daemon.command('task', 'list')).stdout;
    assert.equal(listed.split('held back: repository acme/widget began 2 tasks in a day (per_day is 2)').length, 4);
    assert.equal(await limitsOf(lab, 'per_day'), 3);

    for (const pull of lab.openPulls()) lab.github.merge(pull.number);
    const twoMerged = (all) => all.filter((t) => t.state === 'merged').length === 2 && held(all).length === 3;
    await lab.tasksWhen('two are merged and three wait still', twoMerged);
    await lab.daemon.stop('SIGKILL');
    await lab.daemon.start();
    await until('what waits was looked at again', async () => await limitsOf(lab, 'per_day') === 3);
    await lab.tasksWhen('three wait still', twoMerged);
    assert.equal(lab.github.pulls.length, 2);
  }));
