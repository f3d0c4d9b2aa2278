// Repairs in workspaces of a Coder server: a stand-in that checks every request by Coder's own description.
import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, test} from 'node:test';

import {runCommand} from './lab/daemon.mjs';
import {inLab} from './lab/lab.mjs';
import {fixedTable, git, regenerateTable} from './lab/samples.mjs';
import {until} from './lab/wait.mjs';
import {coderIsMissing} from './peers/coder_description.mjs';

const onCoder = (body, options = {}) => inLab({coder: true, ...options}, body);

// Processes of this machine whose command line holds `mark`.
const running = (mark) => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid)).filter((pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
  } catch {
    return false;  // it has just ended
  }
});

const fixed = (lab) => git(lab.github.gitFolder('acme/widget'), 'show', `${lab.github.pulls[0].head}:table.txt`);
const sessionsOf = (lab) => [...lab.coder.sessions.running.values()];

const useless = `
name = "useless"
stage = "suggest"
[match]
log = ['table']
[[step]]
run = "echo wrong >> table.txt"
[verify]
command = "make check"
`;

// Nothing of regreen's is left there, but for what is named.
async function nothingIsLeft(lab, but = []) {
  await until('every workspace is deleted', () => {
    for (const workspace of lab.coder.living()) lab.coder.advance(workspace);
    return lab.coder.living().every((w) => but.includes(w));
  }, {seen: () => lab.coder.living().map((w) => w.name).join()});
}

describe('on a Coder server', {skip: coderIsMissing(), concurrency: 2}, () => {
  test('a red run becomes a change, and no workspace is left', onCoder(async (lab) => {
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    await lab.taskIn('watching', {seconds: 120});
    assert.equal(fixed(lab), fixedTable.trim());
    await nothingIsLeft(lab);
    assert.ok(lab.coder.workspaces.length >= 3, 'one to reproduce, one to repair, one to verify');
    for (const {name, parameters, preset, ttl} of lab.coder.workspaces) {
      assert.match(name, /^regreen-[0-9a-f]{6}-[a-z0-9]+-[0-9a-f]{8}$/);
      assert.deepEqual(parameters, [{name: 'image', value: 'debian'}]);
      assert.ok(preset);
      assert.equal(ttl, 7_200_000);
    }
    const log = lab.daemon.log();
    assert.ok(!log.includes(lab.coderToken), 'the token is in no line of the log');
  }));

  test('what a task left is kept there for a person, who is told the way, and ended when its time is over', onCoder(async (lab) => {
    const token = randomBytes(24).toString('hex');
    writeFileSync(join(lab.folder, 'api-token'), token, {mode: 0o600});
    const environment = {OPERATOR_TOKEN: token};
    await lab.daemon.start({environment});
    await lab.deliverRun(lab.failedRun());
    const {id} = await until('it failed', async () => {
      const {stdout} = await runCommand(['task', 'list', '--json', '--config', lab.config], {environment});
      return JSON.parse(stdout).tasks.find(({state}) => state === 'failed');
    }, {seconds: 120});
    await until('all others are deleted', () => {
      for (const workspace of lab.coder.living()) lab.coder.advance(workspace);
      return lab.coder.living().length === 1;
    });
    const [{name}] = lab.coder.living();
    const shell = await runCommand(['task', 'shell', id, '--config', lab.config], {environment});
    assert.equal(shell.code, 0, shell.stderr);
    const [command, page] = shell.stdout.trim().split('\n');
    assert.match(command, new RegExp(`^coder ssh [a-z0-9-]+/${name}$`));
    assert.equal(page, `${lab.coder.url}/@${command.split(' ')[2]}`);
    assert.match(shell.stderr, new RegExp(`in ~/regreen/${name}/tree, until `));
    assert.ok(!(shell.stdout + shell.stderr).includes(lab.coderToken));
    const far = await runCommand(['task', 'shell', id, '--server', lab.daemon.url, '--token', `file:${lab.folder}/api-token`]);
    assert.equal(far.stdout, shell.stdout, far.stderr);

    await lab.daemon.stop();
    const kept = join(lab.folder, 'workspaces', name, 'kept');
    writeFileSync(kept, readFileSync(kept, 'utf8').replace(/"until":\d+/, '"until":1'));
    await lab.daemon.start({environment});
    await nothingIsLeft(lab);
  }, {templates: {useless: useless}, config: {workspace: 'keep = "1h"',
    api: '[api.alice]\ntoken = "env:OPERATOR_TOKEN"\nrole = "operator"\n'}}));

  test('answers that are lost, refused and late make nothing twice', onCoder(async (lab) => {
    lab.coder.fail('list-workspaces', {status: 503});
    lab.coder.fail('create-user-workspace', {after: true});
    lab.coder.fail('get-workspace-metadata-by-id', {status: 429, headers: {'Retry-After': '1'}});
    lab.coder.fail('get-workspace-metadata-by-id', {status: 500});
    lab.coder.fail('create-workspace-build', {status: 502, after: true});
    lab.coder.fail('create-workspace-build', {status: 500});
    lab.coder.deleteErrors = 1;
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    await lab.taskIn('watching', {seconds: 120});
    await nothingIsLeft(lab);
    assert.equal(lab.github.pulls.length, 1);
    assert.ok(lab.coder.workspaces.some((w) => w.builds.some((b) => b.error.includes('terraform destroy'))));
    assert.equal(new Set(lab.coder.workspaces.map((w) => w.name)).size, lab.coder.workspaces.length);
  }));

  test('a build that fails is told with Coder\'s words, and tried again', onCoder(async (lab) => {
    lab.coder.buildError = 'terraform apply: exit status 1';
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    let shown = '';
    await until('the failure is told', async () => {
      const [task] = await lab.daemon.tasks();
      if (task) shown = (await lab.daemon.command('task', 'show', task.id)).stdout;
      return /terraform apply: exit status 1.*no more volumes/s.test(shown);
    }, {seconds: 60, seen: () => shown});
    await nothingIsLeft(lab);
    lab.coder.buildError = '';
    await lab.taskIn('watching', {seconds: 180});
  }));

  test('a workspace that vanishes is a retry', onCoder(async (lab) => {
    let sessions = 0;
    lab.coder.onSession = (workspace) => { if (++sessions === 2) lab.coder.vanish(workspace); };
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    const task = await lab.taskIn('watching', {seconds: 180});
    await nothingIsLeft(lab);
    assert.match((await lab.daemon.command('task', 'show', task.id)).stdout, /is gone or cannot be reached/);
    assert.equal(lab.github.pulls.length, 1);
  }));

  test('a daemon that is killed leaves nothing once it is back, and nothing of another daemon is touched',
    onCoder(async (lab) => {
      const foreign = lab.coder.add('regreen-ffffff-7-00000001');
      const persons = lab.coder.add('my-regreen-dev');
      lab.coder.holdBuilds = true;
      await lab.daemon.start();
      await lab.deliverRun(lab.failedRun());
      const [, , left] = await until('a workspace is being built', () =>
        lab.coder.living().length === 3 && lab.coder.living());
      await lab.daemon.stop('SIGKILL');
      assert.ok(!left.gone);
      lab.coder.holdBuilds = false;
      await lab.daemon.start();
      await lab.taskIn('watching', {seconds: 120});
      await nothingIsLeft(lab, [foreign, persons]);
      assert.ok(left.gone);
      assert.equal(foreign.builds.length, 1);
      assert.equal(persons.builds.length, 1);
      assert.equal(lab.github.pulls.length, 1);
    }));

  test('a daemon that is killed while a command runs leaves nothing either', onCoder(async (lab) => {
    const marker = join(lab.folder, 'slow'), sleep = `3${process.pid}.25`;
    writeFileSync(marker, '');
    writeFileSync(join(lab.folder, 'policies', 'templates', 'stale-table.toml'), regenerateTable.replace('run  = "make table"',
      `run  = "if [ -e ${marker} ]; then sleep ${sleep}; fi; make table"`));
    await lab.daemon.start();
    await lab.deliverRun(lab.failedRun());
    await until('the slow command runs', () => running(sleep).length > 0, {seconds: 120});
    const [{workspace}] = sessionsOf(lab);
    await lab.daemon.stop('SIGKILL');
    rmSync(marker);
    await lab.daemon.start();
    await until('its workspace is deleted', () => { lab.coder.advance(workspace); return workspace.gone; });
    assert.deepEqual(running(sleep), []);
    await lab.taskIn('watching', {seconds: 120});
    await nothingIsLeft(lab);
    assert.equal(lab.github.pulls.length, 1);
  }));

  test('doctor tells what is there and what is not', onCoder(async (lab) => {
    const doctor = async () => (await lab.daemon.command('doctor')).stdout;
    assert.match(await doctor(), /ok {2}coder\.farm: .*takes the token, and has the template regreen/);
    const good = readFileSync(lab.config, 'utf8');
    const bad = [
      [/preset = "small"/, 'preset = "smal"', /BAD {2}coder\.farm: .*no preset called "smal", did you mean "small"\?/],
      [/image = "debian"/, 'imag = "debian"', /BAD {2}coder\.farm: .*no parameter called "imag"/],
      [/program = ".*"/, 'program = "/nonexistent/coder"', /BAD {2}coder\.farm: .*\/nonexistent\/coder is not there/],
      [/url = ".*"/, 'url = "http://127.0.0.1:1"', /BAD {2}coder\.farm: .*no connection to/],
      [/preset = "small"/, 'template = "other"', /BAD {2}coder\.farm: .*the template "other"/],
    ];
    for (const [what, instead, want] of bad) {
      writeFileSync(lab.config, good.replace(what, instead));
      assert.match(await doctor(), want);
    }
    writeFileSync(join(lab.folder, 'coder-token'), 'of-another');
    writeFileSync(lab.config, good);
    assert.match(await doctor(), /BAD {2}coder\.farm: .*Coder refused the token/);
    assert.match(lab.coder.violations.join(), /not authorised/);
    lab.coder.violations = [];
  }));
});
