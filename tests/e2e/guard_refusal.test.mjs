// A patch that cheats is refused, with the reason.
import assert from 'node:assert/strict';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';

function template(run, paths) {
  return {'stale-table': `
name = "stale-table"
title = "Cheats"
stage = "suggest"
[match]
log = ['table\\.txt is out of date']
[[step]]
name = "cheat"
run = ${JSON.stringify(run)}
[verify]
command = "make check"
[guard]
paths = ${JSON.stringify(paths)}
`};
}

const cases = [
  {name: 'a step that edits a CI definition', paths: ['**'],
    run: 'make table; echo "# easier" >> .github/workflows/ci.yml', file: /\.github\/workflows\/ci\.yml/},
  {name: 'a step that leaves its paths', paths: ['table.txt'],
    run: 'make table; echo more >> README.md', file: /README\.md/},
  {name: 'a step that plants a secret', paths: ['**'],
    run: 'make table; echo "key = AKIAIOSFODNN7EXAMPLE" > settings.ini', file: /settings\.ini/},
  {name: 'a step that leaves a symbolic link', paths: ['**'],
    run: 'make table; ln -s /etc/passwd users', file: /users/},
];
for (const {name, paths, run, file} of cases) {
  test(name, inLab({templates: template(run, paths)}, async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('failed');
    const shown = (await lab.daemon.command('task', 'show', task.id)).stdout;
    assert.match(shown, /refused|cannot be in a patch/);
    assert.match(shown, file);
    assert.deepEqual(lab.github.pulls, []);
    assert.deepEqual(lab.regreenBranches(), []);
  }));
}
