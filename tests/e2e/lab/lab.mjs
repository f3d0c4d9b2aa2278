// One experiment: a folder, a remote with a red check, the stand-in for GitHub, and the daemon.
import assert from 'node:assert/strict';
import {generateKeyPairSync, randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {Coder} from '../peers/coder.mjs';
import {writeProgram} from '../peers/coder_program.mjs';
import {Gitea} from '../peers/gitea.mjs';
import {Github} from '../peers/github.mjs';
import {Gitlab} from '../peers/gitlab.mjs';
import {giteaConfig, githubConfig, gitlabConfig, localConfig, writeConfig} from './config.mjs';
import {Daemon} from './daemon.mjs';
import {actionsLog, actionsLogOf, commitTo, jobTrace, makePolicies, makeRemote, regenerateTable, staleTable,
  staleTableOf} from './samples.mjs';
import {until} from './wait.mjs';
import {failedRunPayload, pipelinePayload, postGeneric, postGithub, postGitlab} from './webhook.mjs';

const terminal = new Set(['merged', 'recovered', 'superseded', 'declined', 'yielded', 'shadowed',
  'unreproducible', 'failed', 'cancelled', 'reported']);

class Lab {
  static async open({forge = 'github', app = false, files = staleTable, templates = {'stale-table': regenerateTable},
    config = {}, coder} = {}) {
    const lab = new Lab();
    lab.folder = mkdtempSync(join(tmpdir(), 'regreen-e2e-'));
    lab.remotes = join(lab.folder, 'remotes');
    mkdirSync(lab.remotes);
    lab.token = `ghp_${randomBytes(24).toString('hex')}`;
    lab.secret = forge === 'gitlab' ? `whsec_${randomBytes(32).toString('base64')}` : randomBytes(24).toString('hex');
    writeFileSync(join(lab.folder, 'token'), lab.token, {mode: 0o600});
    writeFileSync(join(lab.folder, 'webhook-secret'), lab.secret, {mode: 0o600});
    lab.name = forge === 'gitlab' ? 'acme/tools/widget' : 'acme/widget';
    lab.commit = makeRemote(lab.remotes, lab.name, files);
    makePolicies(join(lab.folder, 'policies'), templates);
    if (coder) config = await lab.#startCoder(config);
    if (forge === 'github') {
      lab.github = await Github.start({root: lab.remotes, token: lab.token, app: app && lab.#makeApp()});
      lab.repo = lab.github.addRepo('acme/widget');
      lab.config = writeConfig(lab.folder, githubConfig(lab.folder, lab.github, config));
    } else if (forge === 'gitlab') {
      lab.gitlab = await Gitlab.start({root: lab.remotes, token: lab.token});
      lab.repo = lab.gitlab.addRepo(lab.name);
      lab.config = writeConfig(lab.folder, gitlabConfig(lab.folder, lab.gitlab, config));
    } else if (forge === 'gitea') {
      lab.gitea = await Gitea.start({root: lab.remotes, token: lab.token});
      lab.config = writeConfig(lab.folder, giteaConfig(lab.folder, lab.gitea, config));
    } else {
      const remotes = {'acme/widget': join(lab.remotes, 'acme/widget.git')};
      lab.config = writeConfig(lab.folder, localConfig(lab.folder, remotes, config));
    }
    lab.daemon = new Daemon(lab.config, lab.folder);
    return lab;
  }

  // A stand-in for a Coder server, on which all workspaces are then.
  async #startCoder(config) {
    this.coderToken = randomBytes(16).toString('hex');
    writeFileSync(join(this.folder, 'coder-token'), this.coderToken, {mode: 0o600});
    writeProgram(join(this.folder, 'coder'));
    this.coder = await Coder.start({root: join(this.folder, 'homes'), token: this.coderToken});
    this.coder.steps = 4;  // the daemon looks once a second
    return {...config, kind: 'coder', api: `${config.api ?? ''}
[coder.farm]
url = "${this.coder.url}"
token = "file:${this.folder}/coder-token"
program = "${this.folder}/coder"
preset = "small"
[coder.farm.parameters]
image = "debian"
`};
  }

  // A GitHub App: its private key in a file, as GitHub gives it.
  #makeApp() {
    const {publicKey, privateKey} = generateKeyPairSync('rsa', {modulusLength: 2048});
    writeFileSync(join(this.folder, 'app-key'), privateKey.export({type: 'pkcs1', format: 'pem'}), {mode: 0o600});
    return {id: 'Iv1.0123456789abcdef', publicKey};
  }

  // A failed run of the repository at its main branch, as GitHub knows it.
  failedRun(run = {}) {
    return this.github.addRun({repo: 'acme/widget', commit: this.commit, log: actionsLog(), ...run});
  }

  // A failed run of a branch of its own, which shows a failure of its own.
  failedRunOf(kind) {
    const commit = commitTo(this.remotes, 'acme/widget', staleTableOf(kind), `Keep ${kind}.txt`, kind);
    return this.failedRun({branch: kind, commit, log: actionsLogOf(kind)});
  }

  deliverRun(run, options = {}) {
    return this.deliver('workflow_run', failedRunPayload(this.repo, run), options);
  }

  deliver(event, payload, options = {}) {
    return postGithub(`${this.daemon.url}/hooks/github`, this.secret, event, payload, options);
  }

  // A pipeline of the repository, as GitLab knows it: red at main, unless told otherwise.
  pipeline(pipeline = {}) {
    return this.gitlab.addPipeline({repo: this.name, sha: this.commit, trace: jobTrace(), ...pipeline});
  }

  deliverPipeline(pipeline, options = {}) {
    return postGitlab(`${this.daemon.url}/hooks/lab`, this.secret, pipelinePayload(this.repo, pipeline), options);
  }

  // A failed run of the repository at its main branch, as Gitea knows it.
  giteaRun() { return this.gitea.addRun({head_sha: this.commit, log: actionsLog()}); }

  // Gitea names and signs its webhooks as GitHub does, beside its own way.
  deliverGiteaRun({log, ...run}, options = {}) {
    const payload = {action: 'completed', workflow_run: run, repository: {id: 7, full_name: this.name}};
    return postGithub(`${this.daemon.url}/hooks/tea`, this.secret, 'workflow_run', payload, options);
  }

  deliverGeneric(change = {}) {
    return postGeneric(`${this.daemon.url}/hooks/build`, this.secret, {
      repository: 'acme/widget', commit: this.commit, branch: 'main', run: {id: '17', result: 'failure'},
      job: 'build', step: 'Check', command: 'make check', log: actionsLog(), ...change,
    });
  }

  // Waits until the only task is in a state; one that ends in another fails at once, with its reason.
  async taskIn(state, {seconds = 60} = {}) {
    let last;
    return until(`the task is ${state}`, async () => {
      const tasks = await this.daemon.tasks();
      [last] = tasks;
      if (!last) return undefined;
      assert.equal(tasks.length, 1, `one task was expected: ${JSON.stringify(tasks)}`);
      if (last.state !== state && terminal.has(last.state)) {
        const shown = await this.daemon.command('task', 'show', last.id);
        throw new Error(`the task is ${last.state}, not ${state}: ${last.reason}\n${shown.stdout}`);
      }
      return last.state === state ? last : undefined;
    }, {seconds, seen: () => JSON.stringify(last)});
  }

  // Waits until the tasks are as `fits` asks for.
  tasksWhen(what, fits, {seconds = 60} = {}) {
    let last;
    return until(what, async () => (last = await this.daemon.tasks(), fits(last) && last),
      {seconds, seen: () => JSON.stringify(last?.map(({id, state, reason, held_back: held}) => [id, state, reason, held]))});
  }

  // Pull requests that nobody has merged or closed.
  openPulls() { return this.github.pulls.filter((p) => p.state === 'open'); }

  regreenBranches() {
    return [...this.github.branches('acme/widget').keys()].filter((b) => b.startsWith('regreen/'));
  }

  // Waits until every delivery that was accepted has been worked off.
  idle({seconds = 60} = {}) {
    let metrics;
    return until('all deliveries are worked off', async () => {
      metrics = await this.daemon.metrics();
      return /^regreen_queue_length\{kind="delivery"\} 0$/m.test(metrics);
    }, {seconds, seen: () => metrics});
  }

  // The recorded why of each choice, newest first.
  async decisions() { return (await this.daemon.json('decisions', '--limit', '500')).decisions; }

  // Waits for a decision whose kind and reason fit.
  decision(kind, reason) {
    let all;
    return until(`a decision ${kind} ${reason} is recorded`, async () => {
      all = await this.decisions();
      return all.find((d) => d.kind === kind && reason.test(d.reason));
    }, {seen: () => JSON.stringify(all)});
  }

  // The stand-in for the forge, where it has an API.
  get peer() { return this.github ?? this.gitlab ?? this.gitea; }

  async close() {
    const exit = await this.daemon.stop();
    await this.peer?.close();
    await this.coder?.close();
    return exit;
  }
}

// A test body with a lab: `test('name', inLab({…}, async (lab) => {…}))`. A failure prints the daemon's
// log; a request or answer that GitHub's description does not allow is a failure.
export function inLab(options, body) {
  return async (t) => {
    const lab = await Lab.open(options);
    try {
      await body(lab, t);
      const exit = await lab.close();
      if (exit) assert.deepEqual(exit, {code: 0, signal: null}, 'the daemon ends with 0 when asked to stop');
      assert.deepEqual(lab.peer?.problems() ?? [], []);
      assert.deepEqual(lab.coder?.problems() ?? [], []);
    } catch (error) {
      await lab.close();
      console.error(`daemon's log:\n${lab.daemon.log().slice(-8000)}`);
      if (lab.coder) console.error('Coder:', lab.coder.problems(), lab.coder.requests.slice(-20));
      if (lab.peer) console.error('violations:', lab.peer.problems(), '\nlast requests:', lab.peer.requests.slice(-20));
      throw error;
    } finally {
      rmSync(lab.folder, {recursive: true, force: true});
    }
  };
}
