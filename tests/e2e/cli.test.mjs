// The command line: exit 0 done, 1 the thing asked about is bad, 2 wrong use.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {runCommand} from './lab/daemon.mjs';
import {inLab} from './lab/lab.mjs';
import {actionsLog} from './lab/samples.mjs';

test('check says that a good configuration is good', inLab({}, async (lab) => {
  const {code, stdout} = await lab.daemon.command('check');
  assert.equal(code, 0);
  assert.match(stdout, /ok; 1 CIs, 1 forges, 1 templates/);
}));

test('check names every mistake with its place and the nearest name', inLab({}, async (lab) => {
  const good = readFileSync(lab.config, 'utf8');
  writeFileSync(lab.config, good.replace('count = 2', 'cuont = 2').replace('kind = "sandbox"', 'kind = "sandbx"'));
  const templateFile = join(lab.folder, 'policies', 'templates', 'stale-table.toml');
  writeFileSync(templateFile, readFileSync(templateFile, 'utf8').replace('max_files', 'max_fils'));
  const {code, stderr} = await lab.daemon.command('check');
  assert.equal(code, 1);
  assert.match(stderr, /regreen\.toml:\d+:\d+: .*cuont.*count/s);
  assert.match(stderr, /regreen\.toml:\d+:\d+: .*sandbx.*sandbox/s);
  assert.match(stderr, /stale-table\.toml:\d+:\d+: .*max_fils.*max_files/s);
}));

test('serve refuses a configuration with mistakes', inLab({}, async (lab) => {
  writeFileSync(lab.config, readFileSync(lab.config, 'utf8').replace('[server]', '[sever]'));
  const {code, stderr} = await lab.daemon.command('serve');
  assert.equal(code, 1);
  assert.match(stderr, /sever.*server/s);
}));

test('a configuration that is not there is no configuration with mistakes', async () => {
  const {code, stderr} = await runCommand(['task', 'list', '--config', '/nonexistent/config.toml']);
  assert.equal(code, 1);
  assert.match(stderr, /there is no configuration at \/nonexistent\/config\.toml; --config FILE names another/);
});

const wrongUses = [[], ['nonsense'], ['serve', '--nonsense'], ['task'], ['task', 'show'], ['deliver'], ['fix'],
  ['triage'], ['task', 'list', '--limit', 'many'], ['task', 'list', '--state', 'nonsense']];
for (const args of wrongUses) {
  test(`wrong use: regreen ${args.join(' ')}`, async () => {
    const {code, stdout, stderr} = await runCommand(args);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.ok(stderr.length > 0);
  });
}

test('help and version', async () => {
  const help = await runCommand(['--help']);
  assert.equal(help.code, 0);
  for (const word of ['serve', 'check', 'deliver', 'task', 'fix', 'triage', 'doctor']) {
    assert.match(help.stdout, new RegExp(`\\b${word}\\b`));
  }
  assert.match((await runCommand(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

test('tasks can be listed, shown and asked for by how their id begins', inLab({}, async (lab) => {
  await lab.daemon.start();
  assert.deepEqual(await lab.daemon.tasks(), []);
  await lab.deliverRun(lab.failedRun());
  const task = await lab.taskIn('watching');
  assert.match(task.id, /^[0-9a-f]{12}$/);
  const listing = await lab.daemon.command('task', 'list', '--state', 'watching', '--repo', 'acme/widget');
  assert.match(listing.stdout, new RegExp(task.id));
  assert.match((await lab.daemon.command('task', 'list', '--state', 'merged')).stdout, /no tasks/);
  const shown = JSON.parse((await lab.daemon.command('task', 'show', task.id.slice(0, 6), '--json')).stdout);
  assert.equal(shown.id, task.id);
  assert.ok(shown.timeline.length >= 5);
  const unknown = await lab.daemon.command('task', 'show', '000000000000');
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /000000000000/);
}));

test('deliver signs a payload, posts it and prints the answer', inLab({forge: 'local'}, async (lab) => {
  await lab.daemon.start();
  const payload = join(lab.folder, 'payload.json');
  writeFileSync(payload, JSON.stringify({repository: 'acme/widget', commit: lab.commit, branch: 'main',
    run: {id: '9', result: 'success'}, job: 'b', step: 's', command: 'make check', log: 'fine\n'}));
  const sent = await lab.daemon.command('deliver', '--ci', 'build', '--url', lab.daemon.url, payload);
  assert.equal(sent.code, 0, sent.stderr);
  assert.match(sent.stdout, /^202 /);
  const unknown = await lab.daemon.command('deliver', '--ci', 'biuld', '--url', lab.daemon.url, payload);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /biuld.*build/s);
}));

test('triage names class and signature of a log', inLab({}, async (lab) => {
  const log = join(lab.folder, 'job.log');
  writeFileSync(log, actionsLog());
  const {code, stdout} = await runCommand(['triage', log, '--json']);
  assert.equal(code, 0);
  const evidence = JSON.parse(stdout);
  assert.match(JSON.stringify(evidence), /table\.txt is out of date/);
  const missing = await runCommand(['triage', join(lab.folder, 'nothing.log')]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /nothing\.log/);
}));

test('doctor says what this machine can do', async () => {
  const {code, stdout} = await runCommand(['doctor']);
  assert.equal(code, 0, stdout);
  for (const word of [/sandbox/, /cgroups/, /user namespaces/, /store/, /policies/]) assert.match(stdout, word);
  const told = JSON.parse((await runCommand(['doctor', '--json'])).stdout);
  assert.equal(told.ok, true);
  assert.ok(told.findings.every(({what, state, says}) => what && says && ['ok', 'note'].includes(state)));
});
