// A stateful stand-in for a Coder server. Every request is validated against Coder's own API description,
// and so is every answer; what does not fit is a violation. A build goes `steps` states further each time that
// its workspace is looked at, so that nothing waits for a clock. Commands of `coder ssh` (coder_cli.mjs)
// run as plain processes in a folder for each workspace: there is no container and no wall. Besides Coder's API
// there is /stand-in/problems, for tests in another process.
import {execFileSync} from 'node:child_process';
import {mkdirSync} from 'node:fs';
import {join} from 'node:path';

import {Sessions} from './coder_agent.mjs';
import {coderDescription} from './coder_description.mjs';
import {coderOperations} from './coder_operations.mjs';
import {serve} from './http.mjs';

export class Coder {
  // Homes of workspaces are made below `root`.
  static async start({root, token}) {
    const coder = new Coder(root, token, await coderDescription());
    coder.api = await serve((...call) => coder.#answer(...call), (text) => coder.violations.push(text));
    coder.sessions = new Sessions(coder);
    coder.api.server.on('upgrade', (...call) => coder.sessions.open(...call));
    return coder;
  }

  constructor(root, token, description) {
    Object.assign(this, {
      root, token, description, began: Date.now(), user: 'regreen', organization: 'coder',
      template: {name: 'regreen', deprecated: '', mayCancel: true,
        parameters: [{name: 'image', default: 'debian'}, {name: 'cpu', default: '2'}],
        preset: {name: 'small', parameters: {cpu: '1'}}},
      workspaces: [], violations: [], requests: [], failures: [],
      buildLog: ['Terraform 1.13', 'Error: no more volumes'], agentLog: ['+ git --version', 'git: not found'],
      // How builds and agents end from now on.
      steps: 1, holdBuilds: false, buildError: '', buildErrorCode: '', agentEnd: 'ready', agentStatus: 'connected', deleteErrors: 0,
      onSession: undefined,  // called with the workspace when a command has begun
    });
  }

  get url() { return this.api.url; }

  async close() {
    for (const workspace of this.workspaces) this.#remove(workspace);
    await this.api.close();
  }

  // ---- what a test sets up ----
  // Answers the next requests of an operation with this instead. `after`: the operation is carried out, and
  // then its answer is lost: {after: true} cuts the connection, with a status it is that one.
  fail(operation, answer, times = 1) { this.failures.push({operation, answer, times}); }

  // Somebody else's workspace, or ours of another daemon.
  add(name, owner) {
    const workspace = coderOperations['create-user-workspace'](this, {body: {name,
      template_version_id: '44444444-0000-4000-8000-000000000001'}});
    const made = this.byId(workspace.body.id);
    Object.assign(made, {owner});
    made.builds[0].job = 'succeeded';
    return made;
  }

  // It is there no more, as when its host died or a person deleted it.
  vanish(workspace) {
    workspace.gone = true;
    this.#remove(workspace);
  }

  // ---- what a test looks at ----
  living() { return this.workspaces.filter((w) => !w.gone); }
  byName(name) { return this.living().find((w) => w.name === name); }
  byId(id) { return this.living().find((w) => w.id === id); }
  everById(id) { return this.workspaces.find((w) => w.id === id); }

  // What must hold at the end of every test.
  problems() {
    const left = this.failures.map((f) => `a programmed failure of ${f.operation} was never asked for`);
    return [...this.violations, ...left];
  }

  // ---- a workspace's life ----
  homeOf(workspace) { return join(this.root, workspace.id); }

  advance(workspace) {
    for (let i = 0; i < this.steps && !workspace.gone; ++i) this.#step(workspace);
  }

  #step(workspace) {
    const build = workspace.builds.at(-1);
    if (build.job === 'canceling') build.job = 'canceled';
    else if (build.job === 'pending' && !this.holdBuilds) build.job = 'running';
    else if (build.job === 'running' && !this.holdBuilds) this.#finish(workspace, build);
    else if (build.transition === 'start' && build.job === 'succeeded') this.#advanceAgent(workspace.agent);
  }

  #finish(workspace, build) {
    const failed = build.transition === 'delete' ? this.deleteErrors-- > 0 : this.buildError !== '';
    if (failed) {
      Object.assign(build, {job: 'failed', errorCode: this.buildErrorCode,
        error: build.transition === 'delete' ? 'terraform destroy: exit status 1' : this.buildError});
      return;
    }
    build.job = 'succeeded';
    if (build.transition === 'start') mkdirSync(this.homeOf(workspace), {recursive: true, mode: 0o700});
    if (build.transition === 'delete') this.vanish(workspace);
  }

  #advanceAgent(agent) {
    if (agent.status === 'connecting') {
      agent.status = this.agentStatus;
      if (agent.status === 'connected') agent.lifecycle = 'starting';
    } else if (agent.lifecycle === 'starting') {
      agent.lifecycle = this.agentEnd;
    }
    if (agent.status !== 'connected' || agent.lifecycle.startsWith('start_')) agent.reason = 'agent is unhealthy';
  }

  #remove(workspace) {
    this.sessions.end(workspace);
    // Also folders that their owner may not look into.
    execFileSync('/bin/sh', ['-c', 'chmod -R u+rwx "$1"; rm -rf "$1"', 'sh', this.homeOf(workspace)], {stdio: 'ignore'});
  }

  // ---- serving ----
  #programmedFailure(operation) {
    const failure = this.failures.find((f) => f.operation === operation);
    if (!failure) return undefined;
    if (--failure.times === 0) this.failures.splice(this.failures.indexOf(failure), 1);
    return failure.answer;
  }

  #answer(request, response, rawBody) {
    const send = (status, body, headers = {}) => {
      response.writeHead(status, {'Content-Type': 'application/json; charset=utf-8', ...headers});
      response.end(JSON.stringify(body));
    };
    const url = new URL(request.url, this.url);
    const where = `${request.method} ${request.url}`;
    if (url.pathname === '/stand-in/problems') {
      send(200, [...this.problems(), ...this.living().map((w) => `the workspace ${w.name} is left`)]);
      return;
    }
    this.requests.push(where);
    if (request.headers['coder-session-token'] !== this.token) {
      this.violations.push(`${where}: not authorised by the token`);
      send(401, {message: 'Cookie "coder_session_token" or query parameter must be provided.'});
      return;
    }
    const call = {method: request.method.toLowerCase(), path: url.pathname, query: url.search.slice(1),
      headers: request.headers, body: rawBody.length ? JSON.parse(rawBody) : undefined};
    const {operation, params, problems} = this.description.matchRequest(call);
    if (problems.length) {
      this.violations.push(`${where}: ${problems.join('; ')}`);
      send(operation ? 400 : 404, {message: 'Request does not fit the description.', detail: problems.join('; ')});
      return;
    }
    const failure = this.#programmedFailure(operation);
    if (failure && !failure.after) {
      send(failure.status, failure.body ?? {message: 'programmed failure'}, failure.headers);
      return;
    }
    const answer = coderOperations[operation](this, {params, query: url.searchParams, body: call.body});
    const wrong = answer.status < 300 ? this.description.answerProblems(operation, answer.status, answer.body) : [];
    if (wrong.length) this.violations.push(`the stand-in's own answer to ${where} is wrong: ${wrong.slice(0, 3).join('; ')}`);
    if (failure && !failure.status) request.socket.destroy();
    else if (failure) send(failure.status, {message: 'programmed failure'});
    else send(answer.status, answer.body);
  }
}
