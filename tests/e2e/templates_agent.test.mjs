// The shipped templates that ask a coding agent, with an agent that is a script: promoted by hand from
// draft, as an operator does who has named an agent.
import assert from 'node:assert/strict';
import {appendFileSync} from 'node:fs';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {actionsLog, git} from './lab/samples.mjs';
import {shippedPolicies} from './lab/shipped.mjs';
import {until} from './lab/wait.mjs';

const workflow = 'name: CI\non: [push]\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n' +
  '      - name: Checkout\n        uses: actions/checkout@v4\n      - name: Check\n        run: make check\n';

const says = (...lines) => actionsLog(['##[group]Run make check', 'shell: /usr/bin/bash -e {0}', '##[endgroup]',
  ...lines, '##[error]Process completed with exit code 2.']);

const samples = {
  'compile-error-by-agent': {
    files: {
      Makefile: 'check:\n\tgcc -Werror=implicit-function-declaration -c area.c -o /dev/null\n',
      'area.c': 'int area(int width, int height) { return width * hieght; }\n',
    },
    log: says('gcc -Werror=implicit-function-declaration -c area.c -o /dev/null',
      "area.c:1:54: error: 'hieght' undeclared (first use in this function); did you mean 'height'?",
      'make: *** [Makefile:2: check] Error 1'),
    agent: 'sed -i s/hieght/height/ area.c',
    fixed: ['area.c', /width \* height/],
  },
  'failing-test-by-agent': {
    files: {
      Makefile: 'check:\n\tpython3 -B -m unittest test_area.py\n',
      'area.py': 'def area(width, height):\n    return width + height\n',
      'test_area.py': 'import unittest\nfrom area import area\n\n\nclass Area(unittest.TestCase):\n' +
        '    def test_area(self):\n        self.assertEqual(area(2, 3), 6)\n',
    },
    log: says('python3 -B -m unittest test_area.py', 'F', '='.repeat(70),
      'FAIL: test_area (test_area.Area.test_area)', '-'.repeat(70), 'Traceback (most recent call last):',
      '  File "/home/runner/work/widget/widget/test_area.py", line 7, in test_area',
      '    self.assertEqual(area(2, 3), 6)', 'AssertionError: 5 != 6', '', '-'.repeat(70),
      'Ran 1 test in 0.000s', '', 'FAILED (failures=1)', 'make: *** [Makefile:2: check] Error 1'),
    agent: "sed -i 's/width + height/width * height/' area.py",
    fixed: ['area.py', /width \* height/],
  },
  'dependency-break-by-agent': {
    files: {
      Makefile: 'check:\n\tsh install.sh\n',
      'requirements.txt': 'gear==9.9\n',
      // What pip says, of an index that has one version.
      'install.sh': 'grep -qx gear==1.0 requirements.txt && exit 0\n' +
        "echo 'ERROR: Could not find a version that satisfies the requirement gear==9.9 (from versions: 1.0)' >&2\n" +
        "echo 'ERROR: No matching distribution found for gear==9.9' >&2\nexit 1\n",
    },
    log: says('sh install.sh',
      'ERROR: Could not find a version that satisfies the requirement gear==9.9 (from versions: 1.0)',
      'ERROR: No matching distribution found for gear==9.9', 'make: *** [Makefile:2: check] Error 1'),
    agent: 'sed -i s/9.9/1.0/ requirements.txt',
    fixed: ['requirements.txt', /gear==1\.0/],
  },
};

for (const [template, {files, log, agent, fixed}] of Object.entries(samples)) {
  test(`${template}: what the agent says counts for nothing, and what it does is proven`,
    inLab({templates: {}, files: {...files, '.github/workflows/ci.yml': workflow}}, async (lab) => {
      shippedPolicies(lab);
      // The first round claims and does nothing; the second repairs.
      appendFileSync(lab.config, `[agent.default]\nkind = "command"\nprice_usd = 0.01\ncommand = '''
if cat | grep -q 'Round 1'; then ${agent}; else echo 'Repaired.'; echo x > notes.txt; fi
'''\n`);
      await lab.daemon.start();
      const promoted = await lab.daemon.command('policy', 'promote', template, '--to', 'suggest', '--force');
      assert.equal(promoted.code, 0, promoted.stderr);
      await until('the daemon has read it', async () =>
        /regreen_policy_reloads_total{outcome="changed"} [1-9]/.test(await lab.daemon.metrics()));
      await lab.deliverRun(lab.failedRun({log}));
      const task = await lab.taskIn('watching');
      assert.equal(task.template, template);
      const [pull] = lab.github.pulls;
      assert.equal(pull.draft, true, 'a person decides');
      const [file, text] = fixed;
      assert.match(git(lab.github.gitFolder('acme/widget'), 'show', `${pull.head}:${file}`), text);
      const {spent_usd: usd} = await lab.daemon.json('task', 'show', task.id);
      assert.equal(usd, 0.02, 'both rounds are paid for');
    }));
}
