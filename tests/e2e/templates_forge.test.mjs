// The shipped templates that repair nothing: they run the CI's jobs again, or tell a person.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {sourceRoot} from './lab/samples.mjs';
import {shippedPolicies} from './lab/shipped.mjs';
import {until} from './lab/wait.mjs';

const log = (name) => readFileSync(join(sourceRoot, 'policies/tests/logs', `${name}.log`), 'utf8');
// The waits of the shipped templates are minutes, so that a runner may come back.
const atOnce = (text) => text.replaceAll(/^delay = ".*"$/gm, 'delay = "1s"');

function shipped(body) {
  return inLab({templates: {}}, async (lab) => {
    shippedPolicies(lab, atOnce);
    await lab.daemon.start();
    await body(lab);
  });
}

async function failAgain(lab, run, attempt) {
  await until(`attempt ${attempt} begins`, () => lab.github.runs.some((r) => r.id === run.id && r.attempt === attempt));
  return lab.github.finishRun(run.id, 'failure');
}

for (const [template, fixture, told] of [
  ['ci-definition-error', 'ci-definition-error-1', 'comments'],
  ['credentials', 'credentials-1', 'issues'],
]) {
  test(`${template} tells a person, once, and changes nothing`, shipped(async (lab) => {
    await lab.deliverRun(lab.failedRun({log: log(fixture)}));
    const task = await lab.taskIn('reported');
    assert.equal(task.template, template);
    assert.equal(lab.github[told].length, 1);
    assert.match(lab.github[told][0].body, new RegExp(`regreen report ${task.id}`));
    assert.deepEqual([lab.github.pulls.length, lab.github.runs.length, lab.regreenBranches()], [0, 1, []]);
  }));
}

test('infrastructure runs the failed jobs again, and is content when they pass', shipped(async (lab) => {
  const run = lab.failedRun({log: log('infrastructure-1')});
  await lab.deliverRun(run);
  await failAgain(lab, run, 2);
  await until('attempt 3 begins', () => lab.github.runs.some((r) => r.id === run.id && r.attempt === 3));
  lab.github.finishRun(run.id, 'success');
  const task = await lab.taskIn('recovered');
  assert.equal(task.template, 'infrastructure');
  assert.deepEqual([lab.github.pulls.length, lab.github.comments.length], [0, 0]);
}));

test('out-of-resources runs the jobs again once, and then tells what helps', shipped(async (lab) => {
  const run = lab.failedRun({log: log('out-of-resources-1')});
  await lab.deliverRun(run);
  await failAgain(lab, run, 2);
  const task = await lab.taskIn('reported');
  assert.equal(task.template, 'out-of-resources');
  assert.equal(lab.github.runs.length, 2, 'once');
  assert.match(lab.github.comments[0].body, /ran out of what its machine has/);
}));

test('flaky-test takes what was green and red on one commit, and tells of it when no re-run helps',
  shipped(async (lab) => {
    const first = lab.failedRun({log: log('flaky-test-1')});
    await lab.deliverRun(first);
    await lab.decision('unmatched', /no template matches/);
    const green = lab.github.addRun({...first, attempt: 2, conclusion: 'success'});
    await lab.deliverRun(green);
    await lab.decision('recovered', /flaky/);

    const second = lab.failedRun({log: log('flaky-test-1')});
    await lab.deliverRun(second);
    await failAgain(lab, second, 2);
    await failAgain(lab, second, 3);
    const task = await lab.taskIn('reported');
    assert.equal(task.template, 'flaky-test');
    assert.equal(lab.github.issues.length, 1);
    assert.match(lab.github.issues[0].body, /known to be flaky/);
  }));
