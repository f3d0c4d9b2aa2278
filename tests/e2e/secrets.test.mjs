// The token and the webhook's secret are nowhere but in their files and in memory.
import assert from 'node:assert/strict';
import {readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {inLab} from './lab/lab.mjs';
import {actionsLog, regenerateTable} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';

function* filesBelow(folder) {
  for (const entry of readdirSync(folder, {withFileTypes: true})) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile() && statSync(path).size < 64 << 20) yield path;
  }
}

// Processes below the daemon, with their arguments and environment as any user's ps could show them.
function descendants(pid) {
  const found = [];
  for (const name of readdirSync('/proc').filter((n) => /^\d+$/.test(n))) {
    try {
      const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))[1]);
      found.push({pid: Number(name), parent});
    } catch { /* it has ended */ }
  }
  const ours = new Set([pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const p of found) {
      if (ours.has(p.parent) && !ours.has(p.pid)) grown = Boolean(ours.add(p.pid));
    }
  }
  return [...ours];
}

function shownByProc(pid) {
  try {
    return ['cmdline', 'environ'].map((f) => readFileSync(`/proc/${pid}/${f}`, 'latin1')).join('\0');
  } catch {
    return '';
  }
}

// The step itself looks for the secrets, and what it finds would be in its log.
const nosy = regenerateTable.replace('run  = "make table"', `run  = '''
make table
env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr '\\0' '\\n' || true
cat .git/config || true
ls -la / /regreen .. 2>/dev/null || true'''`);

test('no secret leaves its file', inLab({templates: {'stale-table': nosy}}, async (lab) => {
  await lab.daemon.start();
  const secrets = [lab.token, lab.secret, Buffer.from(`x-access-token:${lab.token}`).toString('base64')];
  const holds = (text) => secrets.some((s) => text.includes(s));

  // A log that holds the token, as a careless workflow might print it.
  const log = actionsLog() + `2024-05-01T10:00:09.0Z pushing with ${lab.token}\n`;
  const leaks = new Set();
  let processes = 0;
  await lab.deliverRun(lab.failedRun({log}));
  await until('the task is done', async () => {
    for (const pid of descendants(lab.daemon.child.pid)) {
      processes++;
      if (holds(shownByProc(pid))) leaks.add(`/proc of a process of the daemon: ${shownByProc(pid).slice(0, 80)}`);
    }
    return lab.github.pulls.length > 0;
  });
  assert.ok(processes > 1);
  const task = await lab.taskIn('watching');

  const outputs = {
    'the daemon\'s log': lab.daemon.log(),
    'the metrics': await lab.daemon.metrics(),
    'task show': (await lab.daemon.command('task', 'show', task.id, '--json')).stdout,
    'task log': (await lab.daemon.command('task', 'log', task.id)).stdout,
    'task diff': (await lab.daemon.command('task', 'diff', task.id)).stdout,
    'decisions': (await lab.daemon.command('decisions', '--json')).stdout,
    'the pull request': JSON.stringify(lab.github.pulls),
  };
  for (const [name, text] of Object.entries(outputs)) {
    assert.ok(text.length > 0, `${name} is there`);
    if (holds(text)) leaks.add(name);
  }
  for (const file of filesBelow(lab.folder)) {
    if (['token', 'webhook-secret'].includes(file.slice(lab.folder.length + 1))) continue;
    if (holds(readFileSync(file, 'latin1'))) leaks.add(file.slice(lab.folder.length));
  }
  assert.deepEqual([...leaks], []);
}));

test('a secret that is written into the configuration itself is refused', inLab({}, async (lab) => {
  writeFileSync(lab.config, readFileSync(lab.config, 'utf8').replace(/token = .*/, `token = "${lab.token}"`));
  const {code, stdout, stderr} = await lab.daemon.command('check');
  assert.equal(code, 1);
  assert.match(stderr, /forge\.github\.token/);
  assert.ok(!(stdout + stderr).includes(lab.token));
}));
