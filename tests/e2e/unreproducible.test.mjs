// What cannot be shown red here is not repaired.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {fixedTable, regenerateTable, staleTable} from './lab/samples.mjs';

test('a check that is green in the sandbox ends as unreproducible', inLab(
  {files: {...staleTable, 'table.txt': fixedTable}}, async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('unreproducible');
    assert.match(task.reason, /succeeds here/);
    assert.deepEqual(lab.github.pulls, []);
    assert.deepEqual(lab.regreenBranches(), []);
  }));

test('a check that needs a program that is not here says so', inLab(
  {templates: {'stale-table': regenerateTable.replace('"auto"', '"no-such-checker"')}}, async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('unreproducible');
    assert.match(task.reason, /program that is not in the workspace/);
    assert.deepEqual(lab.github.pulls, []);
  }));

test('a repair that does not turn the check green is not published', inLab(
  {templates: {'stale-table': `
name = "stale-table"
title = "Does the wrong thing"
stage = "suggest"
[match]
log = ['table\\.txt is out of date']
[[step]]
name = "wrong"
run = "echo banana >> table.txt"
[verify]
command = "make check"
[guard]
paths = ["table.txt"]
`}}, async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('failed');
    assert.match((await lab.daemon.command('task', 'show', task.id)).stdout, /still red/);
    assert.deepEqual(lab.github.pulls, []);
    assert.deepEqual(lab.regreenBranches(), []);
  }));
