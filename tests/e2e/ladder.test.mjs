// Ladders end to end: the CI's own run again, reports, a person's word, and merges.
import assert from 'node:assert/strict';
import {appendFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {fixedTable, git, regenerateTable, writeTree} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

const step = '[[step]]\nname = "regenerate"';
const rerun = '[[step]]\nname = "again"\nrerun = 1\n';
const tell = (kind) => `[[step]]\nname = "tell"\nreport = "${kind}"\ntext = "A person should look at {{repo}}."\n`;

function withTemplate(change) {
  return {templates: {'stale-table': change(regenerateTable)}};
}

async function attempt(lab, run, number) {
  await until(`attempt ${number} begins`, () => lab.github.runs.some((r) => r.id === run.id && r.attempt === number));
}

test('a run that is green when it runs again needs no repair, and is known as a flake',
  inLab(withTemplate((t) => t.replace(step, rerun + step)), async (lab) => {
    await lab.daemon.start();
    const run = lab.failedRun();
    await lab.deliverRun(run);
    await attempt(lab, run, 2);
    const green = lab.github.finishRun(run.id, 'success');
    assert.equal((await lab.deliverRun(green)).status, 202);
    const task = await lab.taskIn('recovered');
    assert.equal(lab.github.pulls.length, 0);
    assert.equal(lab.github.runs.length, 2);
    assert.match((await lab.daemon.command('task', 'show', task.id)).stdout, /asks for attempt 2 of run/);
    await lab.decision('recovered', /what its earlier attempts showed is flaky/);

    await lab.deliverRun(lab.failedRun());
    const again = await lab.tasksWhen('the next failure is known', (all) => all.length === 2 && all);
    const {incident} = await lab.daemon.json('task', 'show', again.find((t) => t.id !== task.id).id);
    const {seen, recovered, flaky} = incident.history;
    assert.deepEqual({seen, recovered, flaky}, {seen: 1, recovered: 1, flaky: true});
  }));

test('a run that stays red is repaired, and its change merges when its checks are green',
  inLab(withTemplate((t) => t.replace(step, rerun + step).replace('"suggest"', '"auto"')
    .replace('[change]', '[change]\nauto_merge = true')), async (lab) => {
    await lab.daemon.start();
    const run = lab.failedRun();
    await lab.deliverRun(run);
    await attempt(lab, run, 2);
    lab.github.finishRun(run.id, 'failure');
    await lab.taskIn('watching');
    const [pull] = lab.github.pulls;
    assert.equal(pull.draft, false);
    await until('it waits for checks', async () =>
      (await lab.daemon.tasks())[0].reason.includes('none of its checks has begun'));
    assert.equal(pull.merged, false);
    lab.github.checks.set(lab.github.branchTip('acme/widget', pull.head), ['success']);
    await lab.taskIn('merged');
  }));

for (const kind of ['issue', 'comment']) {
  test(`a template that only tells makes one ${kind}`,
    inLab(withTemplate((t) => t.slice(0, t.indexOf('[[step]]')) + tell(kind)), async (lab) => {
      await lab.daemon.start();
      await lab.deliverRun(lab.failedRun());
      const task = await lab.taskIn('reported');
      const told = kind === 'issue' ? lab.github.issues : lab.github.comments;
      assert.equal(told.length, 1);
      assert.match(told[0].body, /^A person should look at acme\/widget\./);
      assert.match(told[0].body, /table\.txt is out of date/);
      assert.match(told[0].body, new RegExp(`regreen report ${task.id}-tell\\n$`));
      assert.equal(lab.github.pulls.length, 0);
    }));
}

test('an agent whose first patch is wrong repairs it in its second round',
  inLab({}, async (lab) => {
    const policies = join(lab.folder, 'policies');
    writeTree(policies, {
      'prompts/table.md': 'Repair `table.txt` in {{repo}}. The log says:\n\n{{evidence}}\n',
      'templates/stale-table.toml': regenerateTable.replace(/run {2}= "make table"/,
        'agent = "cheap"\nprompt = "prompts/table.md"\nrounds = 2'),
    });
    appendFileSync(lab.config, `[agent.cheap]\nkind = "command"\nprice_usd = 0.25\ncommand = '''
brief=$(cat)
case "$brief" in
  *'Round 1'*'out of date'*) make table;;
  *acme/widget*'out of date'*) echo wrong > table.txt;;
  *) echo 'regreen: gave up: the prompt does not say what is wrong';;
esac
'''\n`);
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('watching');
    const [pull] = lab.github.pulls;
    assert.equal(git(lab.github.gitFolder('acme/widget'), 'show', `${pull.head}:table.txt`) + '\n', fixedTable);
    const shown = (await lab.daemon.command('task', 'show', task.id)).stdout;
    assert.match(shown, /spent {6}\$0\.5, /);
    const {spent_usd: usd, plan} = await lab.daemon.json('task', 'show', task.id);
    assert.deepEqual([usd, plan.steps[0].agent], [0.5, 'cheap'], 'what both rounds cost');
    assert.match(shown, /round 2 of 2, finished, cost \$0\.25/);
  }));

test('a person approves what is in review, and ends what is not wanted',
  inLab(withTemplate((t) => t.replace('stage', 'review = true\nstage')), async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('reviewing');
    assert.deepEqual(lab.regreenBranches(), []);
    const early = await lab.daemon.command('task', 'approve', 'nonsense');
    assert.equal(early.code, 1);
    const said = await lab.daemon.command('task', 'approve', task.id.slice(0, 8), '--reason', 'looks right');
    assert.equal(said.code, 0, said.stderr);
    await lab.taskIn('watching');
    assert.equal(lab.github.pulls.length, 1);
    assert.match((await lab.daemon.command('task', 'show', task.id)).stdout, /approved by hand by .+: looks right/);
    const again = await lab.daemon.command('task', 'reject', task.id);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /nothing to reject; regreen task cancel ends it/);
    assert.equal((await lab.daemon.command('task', 'cancel', task.id)).code, 0);
    await lab.taskIn('cancelled');
  }));

// Each waits for a lease to end, so several at once take no longer than one.
describe('a power cut', {concurrency: 3}, () => {
  for (const [point, kind] of [['rerun.asked', 'issue'], ['report.told', 'issue'], ['report.told', 'comment']]) {
    test(`at ${point} does nothing twice, and makes one ${kind}`,
      inLab(withTemplate((t) => t.slice(0, t.indexOf('[[step]]')) + rerun + tell(kind)), async (lab) => {
        await lab.daemon.start({environment: {REGREEN_CRASH_POINT: point}});
        const run = lab.failedRun();
        await lab.deliverRun(run);
        if (point === 'report.told') {
          await attempt(lab, run, 2);
          lab.github.finishRun(run.id, 'failure');
        }
        await until(`the daemon died at ${point}`, () => lab.daemon.exit, {seen: () => lab.daemon.log().slice(-500)});
        await lab.daemon.start();
        await attempt(lab, run, 2);
        lab.github.finishRun(run.id, 'failure');
        await lab.taskIn('reported', {seconds: 90});
        assert.equal(lab.github.runs.length, 2);
        assert.deepEqual([lab.github.issues.length, lab.github.comments.length], kind === 'issue' ? [1, 0] : [0, 1]);
      }));
  }
});
