// How far a template may go: its stage, a person's word before and after the repair, and a record that
// takes back what a stage allows.
import assert from 'node:assert/strict';
import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {regenerateAny, regenerateTable} from './lab/samples.mjs';

const template = (change) => ({templates: {'stale-table': change(regenerateTable)}, config: {kind: 'worktree'}});
const atStage = (stage) => template((t) => t.replace('"suggest"', `"${stage}"`));

function assertNothingWritten(lab) {
  assert.deepEqual(lab.regreenBranches(), []);
  const asked = lab.github.requests.filter((r) => !r.startsWith('GET '));
  assert.deepEqual(asked, [], 'the forge was only read');
}

async function show(lab, task) {
  const {code, stdout, stderr} = await lab.daemon.command('task', 'show', task.id);
  assert.equal(code, 0, stderr);
  return stdout;
}

test('shadow: the repair is proven and kept, and nothing is written to the forge',
  inLab(atStage('shadow'), async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('shadowed');
    assertNothingWritten(lab);
    const shown = await show(lab, task);
    assert.match(shown, /^template {3}stale-table \(shadow\)$/m);
    assert.match(shown, /verified/);
    assert.match(shown, /^# Regenerate table\.txt\n\nregreen\/stale-table-[0-9a-f]{8} → main$/m);
    assert.match(shown, /table\.txt is out of date/);
    assert.match((await lab.daemon.command('task', 'diff', task.id)).stdout, /^\+fig$/m);
  }));

test('shadow: a re-run and a report are only told of',
  inLab(template((t) => t.replace('"suggest"', '"shadow"').replace('[[step]]\nname = "regenerate"\nrun  = "make table"',
    '[[step]]\nname = "again"\nrerun = 1\n[[step]]\nname = "tell"\nreport = "issue"\ntext = "Look at {{repo}}."')),
  async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const shown = await show(lab, await lab.taskIn('shadowed'));
    assertNothingWritten(lab);
    assert.match(shown, /step again would have run the failed jobs again/);
    assert.match(shown, /step tell would have/);
  }));

for (const [stage, why] of [['draft', /it is a draft, which is used only by hand/], ['retired', /retired/]]) {
  test(`${stage}: no webhook uses it, and the decision says why`, inLab(atStage(stage), async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    await lab.decision('unmatched', why);
    await lab.idle();
    assert.deepEqual(await lab.daemon.tasks(), []);
    assertNothingWritten(lab);
  }));
}

test('review: the proven patch waits for a person, over a restart, and is published when approved',
  inLab(template((t) => t.replace('stage', 'review = true\nstage')), async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('reviewing');
    assert.match(await show(lab, task), /^# Regenerate table\.txt$/m, 'what is to be approved can be read');
    await lab.daemon.stop();
    await lab.daemon.start();
    await lab.taskIn('reviewing');
    assertNothingWritten(lab);
    assert.equal((await lab.daemon.command('task', 'approve', task.id)).code, 0);
    await lab.taskIn('watching');
    assert.equal(lab.openPulls().length, 1);
  }));

test('hold: nothing is done before a person approves, and nothing at all when one rejects',
  inLab({templates: {'stale-table': regenerateAny.replace('stage', 'hold = true\nstage')},
    config: {kind: 'worktree'}}, async (lab) => {
    await lab.daemon.start();
    for (const kind of ['birds', 'fish']) await lab.deliverRun(lab.failedRunOf(kind));
    const tasks = await lab.tasksWhen('both are held', (all) => all.length === 2 && all.every((t) => t.state === 'held'));
    await lab.idle();
    assert.deepEqual(readdirSync(join(lab.folder, 'workspaces')), [], 'no workspace was opened');
    assertNothingWritten(lab);
    const [birds, fish] = ['birds', 'fish'].map((kind) => tasks.find((t) => t.target === kind));
    assert.equal((await lab.daemon.command('task', 'approve', birds.id)).code, 0);
    assert.equal((await lab.daemon.command('task', 'reject', fish.id, '--reason', 'not ours')).code, 0);
    await lab.tasksWhen('one is open, one is cancelled', (all) =>
      all.map((t) => `${t.target} ${t.state}`).sort().join() === 'birds watching,fish cancelled');
    assert.deepEqual(lab.github.pulls.map((p) => p.base), ['birds']);
    assert.match(await show(lab, fish), /rejected by hand by .+: not ours/);
  }));

test('a template whose changes are declined is only shadowed from then on',
  inLab({templates: {'stale-table': `${regenerateAny}[promote]\nacceptance = 0.5\n`},
    config: {kind: 'worktree'}}, async (lab) => {
    await lab.daemon.start();
    const declined = ['birds', 'fish', 'fruit'];
    for (const kind of declined) await lab.deliverRun(lab.failedRunOf(kind));
    await lab.tasksWhen('three are open', (all) => all.filter((t) => t.state === 'watching').length === 3);
    assert.doesNotMatch(await lab.daemon.metrics(), /regreen_template_demotions_total\{/);
    for (const pull of lab.github.pulls) pull.state = 'closed';
    await lab.tasksWhen('three are declined', (all) => all.every((t) => t.state === 'declined'));

    await lab.deliverRun(lab.failedRunOf('trees'));
    const [fourth] = await lab.tasksWhen('the fourth is shadowed', (all) => all.some((t) => t.state === 'shadowed'));
    assert.deepEqual([fourth.target, fourth.stage, fourth.state], ['trees', 'shadow', 'shadowed']);
    assert.equal(lab.github.pulls.length, 3);
    const demoted = await lab.decision('demoted', /^template "stale-table" counts as shadow instead of suggest: people accepted 0% of its changes/);
    assert.equal(demoted.task, fourth.id);
    assert.match(await lab.daemon.metrics(), /^regreen_template_demotions_total\{template="stale-table"\} 1$/m);
  }));
