// What an operator asks before an edit of the policies is in force: is it right, what does it say of one
// failure, what would it have done with all of those that came.
import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import {test} from 'node:test';

import {runCommand} from './lab/daemon.mjs';
import {inLab} from './lab/lab.mjs';
import {actionsLog, makePolicies, regenerateAny, regenerateTable, writeTree} from './lab/samples.mjs';

const second = `${regenerateTable.replace('"stale-table"', '"never-here"')
  .replace("'table\\.txt is", "'no such words").replace('[match]', '[match]\nclass = ["lint"]')}`;
const both = {templates: {'stale-table': regenerateAny, 'never-here': second}, config: {kind: 'worktree'}};

// A copy of the policies with this in place of the template that does the work.
function edited(lab, templates) {
  const folder = join(lab.folder, 'edited');
  makePolicies(folder, templates);
  return folder;
}

const runPolicy = (...args) => runCommand(['policy', ...args]);

const onlyForReleases = regenerateAny.replace('[match]', '[match]\nbranch = ["release/*"]');

test('explain: which template took a delivery that came, why the other did not, and what an edit would do',
  inLab(both, async (lab) => {
    await lab.daemon.start();
    const guid = randomUUID();
    await lab.deliverRun(lab.failedRun(), {guid});
    await lab.taskIn('watching');

    const {code, stdout} = await lab.daemon.command('policy', 'explain', '--delivery', guid);
    assert.equal(code, 0);
    assert.match(stdout, /^chosen: stale-table \(suggest, priority 0\)\n {4}yes {2}log: line 5 of the log matches .* is out of date\/$/m);
    assert.match(stdout, /^not never-here \(suggest, priority 0\)$/m);
    assert.match(stdout, /^ {4}no {3}class: /m);
    assert.match(stdout, /^ {4}no {3}log: /m);
    assert.match(stdout, /make check/, 'the failing command is shown');

    const [{chosen, templates}] =
      (await lab.daemon.json('policy', 'explain', '--delivery', guid.slice(0, 13))).explanations;
    assert.equal(chosen, 'stale-table', 'the beginning of the key is enough');
    const refused = templates.find((t) => t.name === 'never-here').conditions.filter((c) => c.against);
    assert.deepEqual(refused.map((c) => c.key).sort(), ['class', 'log']);

    const folder = edited(lab, {'stale-table': onlyForReleases});
    const [after] =
      (await lab.daemon.json('policy', 'explain', '--delivery', guid, '--policies', folder)).explanations;
    assert.equal(after.chosen, null);
    assert.deepEqual(after.templates[0].conditions.filter((c) => c.against).map((c) => c.key), ['branch']);

    const unknown = await lab.daemon.command('policy', 'explain', '--delivery', randomUUID());
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no delivery with the key .* showed a failure; regreen decisions lists the deliveries/);
  }));

test('backtest: the failures of a working daemon against an edit', inLab(both, async (lab) => {
  await lab.daemon.start();
  const run = lab.failedRun(), guid = randomUUID();
  await lab.deliverRun(run, {guid});
  await lab.deliverRun(lab.failedRunOf('birds'));
  await lab.deliverRun(lab.failedRunOf('fish'));
  const tasks = await lab.tasksWhen('all three are open', (all) => all.filter((t) => t.state === 'watching').length === 3);

  assert.deepEqual(await lab.daemon.json('policy', 'backtest'), {observations: 3, same: 3, differences: []});

  const folder = edited(lab, {'stale-table': onlyForReleases, birds: regenerateTable
    .replace('"stale-table"', '"birds"').replace("'table\\.txt", "'birds\\.txt")});
  const report = await lab.daemon.json('policy', 'backtest', '--policies', folder);
  assert.deepEqual([report.observations, report.same], [3, 0]);
  const named = (target) => `task ${tasks.find((t) => t.target === target).id}`;
  const differences = report.differences.map((d) => [d.then, d.now, d.count, d.examples.toSorted()]);
  assert.deepEqual(differences.sort((a, b) => a[2] - b[2]), [
    ['stale-table', 'birds', 1, [named('birds')]],
    ['stale-table', null, 2, [named('fish'), named('main')].sort()],
  ]);
  const {stdout} = await lab.daemon.command('policy', 'backtest', '--policies', folder, '--examples', '1');
  assert.match(stdout, /^3 failures looked at, 0 as before$/m);
  assert.match(stdout, /^stale-table: moved to birds, 1 failure$/m);
  assert.match(stdout, /^stale-table: no longer matched, 2 failures\n {4}task [0-9a-f]{12}\n {4}and 1 more$/m);
  await lab.tasksWhen('nothing was changed by asking', (all) => all.every((t) => t.state === 'watching'));
}));

const cases = (template) => `
[[case]]
name = "a table is out of date"
log = "red.log"
[case.event]
command = "make check"
[case.expect]
template = "${template}"
`;

test('test: the cases of a folder, those that fail with what was expected and what was found',
  inLab(both, async (lab) => {
    const folder = edited(lab, both.templates);
    const none = await runPolicy('test', folder);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /there are no cases in /);
    writeTree(folder, {'tests/red.log': actionsLog(), 'tests/good.toml': cases('stale-table')});
    const good = await runPolicy('test', folder);
    assert.deepEqual([good.code, good.stdout], [0, '1 passed, 0 failed\n']);

    writeTree(folder, {'tests/bad.toml': cases('never-here')});
    const bad = await runPolicy('test', folder);
    assert.equal(bad.code, 1);
    assert.match(bad.stdout, /^FAILED .*bad\.toml:3: a table is out of date: .*never-here/m);
    assert.match(bad.stdout, /^ {2,}no {3}class: /m, 'why it was not chosen');
    assert.match(bad.stdout, /^1 passed, 1 failed$/m);
    const filtered = await runPolicy('test', folder, '--filter', 'good');
    assert.deepEqual([filtered.code, filtered.stdout], [0, '1 passed, 0 failed\n']);
  }));

test('check: three mistakes in two files are told at once, each where it stands',
  inLab(both, async (lab) => {
    const folder = edited(lab, {
      one: regenerateTable.replace('stage =', 'stagee =').replace('max_files = 1', 'max_files = "one"'),
      two: second.replace("'no such words", "'(no such words"),
    });
    const {code, stdout, stderr} = await runPolicy('check', folder);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 3, stderr);
    assert.match(lines.find((l) => l.includes('stagee')), /one\.toml:4:10: .*did you mean "stage"\?/);
    assert.match(lines.find((l) => l.includes('max_files')), /one\.toml:14:\d+: /);
    assert.match(lines.find((l) => l.includes('two.toml')), /two\.toml:7:\d+: /);

    const json = JSON.parse((await runPolicy('check', folder, '--json')).stdout);
    assert.equal(json.ok, false);
    assert.deepEqual(json.problems.map((p) => [p.file.slice(folder.length), p.line, p.severity]).sort(), [
      ['/templates/one.toml', 14, 'error'], ['/templates/one.toml', 4, 'error'], ['/templates/two.toml', 7, 'error']]);
    for (const problem of json.problems) assert.ok(problem.column > 0);
    assert.equal((await runPolicy('check', edited(lab, {one: regenerateTable, two: second}))).code, 0);
  }));
