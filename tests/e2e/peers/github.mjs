// A stateful stand-in for GitHub. Every request is validated against GitHub's own API description, and
// so is every answer; what does not fit is a violation, and a violation fails the test that made it.
import {execFileSync} from 'node:child_process';
import {verify} from 'node:crypto';
import {existsSync} from 'node:fs';
import {join} from 'node:path';

import {Description} from './description.mjs';
import {Documents} from './documents.mjs';
import {serveGit} from './git_http.mjs';
import {serve} from './http.mjs';
import {graphQl, operations} from './operations.mjs';

// GitHub takes a ref or branch with plain slashes too; the description can only match them encoded.
function encodeSlashes(path) {
  return path.replace(/(\/git\/ref\/|\/branches\/)(.+)$/, (_, head, rest) => head + rest.replaceAll('/', '%2F'));
}

// Whether a request is made as the app, by GitHub's rules for its JSON Web Tokens.
function isApp(app, request) {
  const [head, claims, signature] = (request.headers.authorization ?? '').replace('Bearer ', '').split('.');
  if (!app || !signature) return false;
  const read = (part) => JSON.parse(Buffer.from(part, 'base64url'));
  const now = Date.now() / 1000, {iat, exp, iss} = read(claims);
  return read(head).alg === 'RS256' && iss === app.id && iat <= now && exp > now && exp <= now + 600 &&
    verify('sha256', Buffer.from(`${head}.${claims}`), app.publicKey, Buffer.from(signature, 'base64url'));
}

export class Github {
  // Repositories are bare ones in <root>/<owner>/<name>.git.
  // With an app {id, publicKey} the token is not known beforehand: the app's installation gives it.
  static async start({root, token, app}) {
    const github = new Github(root, token, await Description.load());
    github.app = app;
    await github.#listen();
    return github;
  }

  constructor(root, token, description) {
    Object.assign(this, {
      root, token, description, documents: new Documents(description),
      repos: new Map(), runs: [], jobs: [], pulls: [], comments: [], issues: [], labels: new Map(), checks: new Map(),
      violations: [], requests: [], failures: [], nextId: 1000,
    });
  }

  async #listen() {
    const problem = (text) => this.violations.push(text);
    this.api = await serve((request, response, body) => this.#answer(request, response, body), problem);
    this.logHost = await serve((request, response) => this.#answerLog(request, response), problem);
    this.git = await serveGit({
      root: this.root, user: 'x-access-token', password: this.token, onProblem: problem,
    });
  }

  get url() { return this.api.url; }
  get gitUrl() { return this.git.url; }

  async close() {
    await Promise.all([this.api.close(), this.logHost.close(), this.git.close()]);
  }

  // ---- what a test sets up ----
  addRepo(name, {defaultBranch = 'main'} = {}) {
    const repo = {name, id: this.nextId++, defaultBranch};
    this.repos.set(name, repo);
    return repo;
  }

  // A run that has failed, with one job and its log, unless told otherwise.
  addRun(run) {
    const made = {
      id: this.nextId++, attempt: 1, workflow: 'CI', path: '.github/workflows/ci.yml',
      event: 'push', status: 'completed', conclusion: 'failure', branch: 'main',
      author: 'octocat', ...run,
    };
    this.runs.push(made);
    for (const job of run.jobs ?? [{}]) {
      this.jobs.push({
        id: this.nextId++, run: made, name: 'build', conclusion: made.conclusion,
        steps: [{name: 'Checkout', conclusion: 'success'}, {name: 'Check', conclusion: made.conclusion}],
        log: run.log ?? '', ...job,
      });
    }
    return made;
  }

  // The newest attempt of a run ends; one that was asked for goes on until then.
  finishRun(id, conclusion) {
    const run = this.runs.findLast((r) => r.id === id);
    Object.assign(run, {status: 'completed', conclusion});
    for (const job of this.jobs.filter((j) => j.run === run)) job.conclusion = conclusion;
    return run;
  }

  // A developer's pull request of a branch that is there.
  addPull(pull) {
    const made = {number: this.nextId++, base: 'main', title: 'A change', body: '', draft: false,
      state: 'open', merged: false, ...pull};
    this.pulls.push(made);
    return made;
  }

  // Answers the next requests of an operation with this instead: fail('pulls/create', {status: 502}).
  fail(operation, answer, times = 1) {
    this.failures.push({operation, answer, times});
  }

  merge(number) {
    const pull = this.pulls.find((p) => p.number === number);
    Object.assign(pull, {merged: true, state: 'closed'});
    const git = this.gitFolder(pull.repo);
    execFileSync('git', ['-C', git, 'update-ref', `refs/heads/${pull.base}`, this.branchTip(pull.repo, pull.head)]);
  }

  // ---- what a test looks at ----
  gitFolder(name) { return join(this.root, `${name}.git`); }

  branchTip(name, branch) {
    return this.branches(name).get(branch);
  }

  // Its pull requests keep the head that they had.
  removeBranch(name, branch) {
    const tip = this.branchTip(name, branch);
    for (const pull of this.pulls) if (pull.repo === name && pull.head === branch) pull.sha = tip;
    execFileSync('git', ['-C', this.gitFolder(name), 'update-ref', '-d', `refs/heads/${branch}`]);
  }

  branches(name) {
    const folder = this.gitFolder(name);
    if (!existsSync(folder)) return new Map();
    const text = execFileSync('git', ['-C', folder, 'for-each-ref', 'refs/heads',
      '--format=%(refname:lstrip=2) %(objectname)'], {encoding: 'utf8'});
    return new Map(text.trim().split('\n').filter(Boolean).map((line) => line.split(' ')));
  }

  // What must hold at the end of every test.
  problems() {
    const left = this.failures.map((f) => `a programmed failure of ${f.operation} was never asked for`);
    return [...this.violations, ...left];
  }

  // ---- serving ----
  #programmedFailure(operation) {
    const failure = this.failures.find((f) => f.operation === operation);
    if (!failure) return undefined;
    if (--failure.times === 0) this.failures.splice(this.failures.indexOf(failure), 1);
    return failure.answer;
  }

  // What GitHub asks of every call, beyond the description.
  #checkHeaders(request, where) {
    const headers = request.headers;
    if (!headers['user-agent']) this.violations.push(`${where}: no User-Agent (GitHub answers 403)`);
    if (headers['x-github-api-version'] !== '2022-11-28') {
      this.violations.push(`${where}: X-GitHub-Api-Version is ${headers['x-github-api-version']}`);
    }
    if (!/application\/vnd\.github/.test(headers.accept ?? '')) {
      this.violations.push(`${where}: Accept is ${headers.accept}`);
    }
  }

  #answer(request, response, rawBody) {
    const send = (status, body, headers = {}) => {
      response.writeHead(status, {'Content-Type': 'application/json; charset=utf-8', ...headers});
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const url = new URL(request.url, this.url);
    const where = `${request.method} ${request.url}`;
    this.requests.push(where);
    const asApp = /^\/app\/|\/installation$/.test(url.pathname);
    const known = asApp ? isApp(this.app, request) : request.headers.authorization === `Bearer ${this.token}`;
    if (!known) {
      this.violations.push(`${where}: not authorised by the token`);
      send(401, {message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest'});
      return;
    }
    this.#checkHeaders(request, where);
    if (url.pathname === '/graphql') {
      send(200, graphQl(this, JSON.parse(rawBody)));
      return;
    }
    const call = {
      method: request.method.toLowerCase(), path: encodeSlashes(url.pathname), query: url.search.slice(1),
      headers: request.headers, body: rawBody.length ? JSON.parse(rawBody) : undefined,
    };
    const {operation, params, problems} = this.description.matchRequest(call);
    if (problems.length) {
      this.violations.push(`${where}: ${problems.join('; ')}`);
      send(operation ? 422 : 404, {message: 'Validation Failed', errors: problems});
      return;
    }
    const failure = this.#programmedFailure(operation);
    if (failure) {
      send(failure.status, failure.body ?? {message: 'programmed failure'}, failure.headers);
      return;
    }
    this.#model({operation, where, params, query: url.searchParams, body: call.body}, send);
  }

  #model(call, send) {
    const named = call.params.owner ? `${call.params.owner}/${call.params.repo}` : `acme/${call.body?.repositories?.[0]}`;
    const repo = this.repos.get(named);
    const model = operations[call.operation];
    if (!model) this.violations.push(`${call.where}: ${call.operation} is not modelled`);
    const answer = (repo && model?.(this, {...call, repo})) ??
      {status: 404, body: {message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404'}};
    if (answer.body !== undefined) {
      const wrong = this.description.answerProblems(call.operation, answer.status, answer.body);
      // Not every operation describes its 404.
      if (answer.status !== 404 && wrong.length) {
        this.violations.push(`the stand-in's own answer to ${call.where} is wrong: ${wrong.slice(0, 3).join('; ')}`);
      }
    }
    send(answer.status, answer.body, answer.headers);
  }

  // Where job logs are downloaded from: another host, to which the token must not be sent.
  #answerLog(request, response) {
    this.requests.push(`${request.method} ${request.url}`);
    if (request.headers.authorization) {
      this.violations.push('the token was sent to the host of the logs');
      response.writeHead(400);
      response.end('authorization is refused here');
      return;
    }
    const job = this.jobs.find((j) => `/logs/${j.id}?sig=signed` === request.url);
    response.writeHead(job ? 200 : 404, {'Content-Type': 'text/plain'});
    response.end(job?.log ?? 'BlobNotFound');
  }
}
