// Main is broken: what pull requests show with it is not theirs. When main is green again, each of them
// is run again, once, whatever happens to the daemon meanwhile.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {commitTo} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

// A pull request onto main whose run is red for the reason that main's is.
async function failPullRequest(lab, branch) {
  const commit = commitTo(lab.remotes, 'acme/widget', {[`${branch}.md`]: `# ${branch}\n`}, `Add ${branch}`, branch);
  lab.github.addPull({repo: 'acme/widget', head: branch});
  const run = lab.failedRun({event: 'pull_request', branch, commit});
  assert.equal((await lab.deliverRun(run)).status, 202);
  return run;
}

// Main is red and being repaired, and two pull requests have inherited that.
async function breakMain(lab) {
  await lab.deliverRun(lab.failedRun());
  const task = await lab.taskIn('watching');
  const [first, second] = [await failPullRequest(lab, 'feature-a'), await failPullRequest(lab, 'feature-b')];
  const inherited = await until('both are known to have inherited it', async () => {
    const found = (await lab.decisions()).filter((d) => d.kind === 'inherited');
    return found.length === 2 && found;
  });
  for (const decision of inherited) {
    assert.equal(decision.reason, `the base branch main has the same failure; task ${task.id} works on it; ` +
      'this run is run again when it is green');
  }
  await lab.taskIn('watching');
  assert.equal(lab.openPulls().length, 3, 'theirs, and one of ours, for main');
  return [first, second];
}

function mendMain(lab) {
  const own = lab.openPulls().find((p) => p.head.startsWith('regreen/'));
  lab.github.merge(own.number);
  return lab.failedRun({commit: lab.github.branchTip('acme/widget', 'main'), conclusion: 'success'});
}

const timesAsked = (lab, run) => lab.github.requests.filter((r) =>
  r === `POST /repos/acme/widget/actions/runs/${run.id}/rerun-failed-jobs`).length;

function allAskedAgain(lab, runs) {
  return until('both runs are asked for again', () => runs.every((run) => timesAsked(lab, run) > 0),
    {seen: () => lab.github.requests.slice(-10).join('\n')});
}

async function finishesGreen(lab, runs) {
  for (const run of runs) lab.github.finishRun(run.id, 'success');
  // A daemon that was killed while it looked at the change keeps its lease for a while.
  const tasks = await lab.tasksWhen('both re-runs are over, and the change is known to be merged', (all) =>
    all.filter((t) => t.template === 'inherited' && t.state === 'recovered').length === 2 &&
    all.some((t) => t.template === 'stale-table' && t.state === 'merged'));
  assert.equal(tasks.length, 3, 'the repair of main, and a re-run of each');
  await lab.idle();
  for (const run of runs) {
    assert.equal(timesAsked(lab, run), 1);
    assert.equal(lab.github.runs.filter((r) => r.id === run.id).length, 2);
  }
  const reruns = (await lab.decisions()).filter((d) => d.kind === 'rerun');
  assert.equal(reruns.length, 2);
  for (const {reason} of reruns) assert.match(reason, /^the base branch main is green again at [0-9a-f]{12}: /);
}

test('two pull requests inherit the failure of main, and are run again once when it is green',
  inLab({config: {kind: 'worktree'}}, async (lab) => {
    await lab.daemon.start();
    const runs = await breakMain(lab);
    for (const run of runs) assert.equal(timesAsked(lab, run), 0, 'not while main is red');
    const green = mendMain(lab);
    await lab.deliverRun(green);
    await allAskedAgain(lab, runs);
    await finishesGreen(lab, runs);
  }));

test('a green webhook that comes twice, with a kill -9 between, runs nothing again twice',
  inLab({config: {kind: 'worktree'}}, async (lab) => {
    await lab.daemon.start();
    const runs = await breakMain(lab);
    const green = mendMain(lab), guid = randomUUID();
    assert.equal((await lab.deliverRun(green, {guid})).status, 202);
    await lab.daemon.stop('SIGKILL');
    await lab.daemon.start();
    assert.equal((await lab.deliverRun(green, {guid})).status, 200, 'GitHub redelivers under the same id');
    assert.equal((await lab.deliverRun(green)).status, 202, 'a person may send it under another');
    await allAskedAgain(lab, runs);
    await finishesGreen(lab, runs);
  }));

test('a power cut right after the first was asked for: it is not asked for again, and the second is',
  inLab({config: {kind: 'worktree', workers: 1}}, async (lab) => {
    await lab.daemon.start({environment: {REGREEN_CRASH_POINT: 'rerun.asked'}});
    const runs = await breakMain(lab);
    const green = mendMain(lab);
    await lab.deliverRun(green);
    await until('the daemon died', () => lab.daemon.exit, {seen: () => lab.daemon.log().slice(-500)});
    assert.deepEqual(runs.map((run) => timesAsked(lab, run)).sort(), [0, 1]);
    await lab.daemon.start();
    await lab.deliverRun(green);
    await allAskedAgain(lab, runs);
    await finishesGreen(lab, runs);
  }));
