// A stateful stand-in for GitLab, below a path of its own. Every request is held to the shapes of its
// documentation; what does not fit is a violation, and a violation fails the test that made it.
import {execFileSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import {join} from 'node:path';

import {serveGit} from './git_http.mjs';
import {operations} from './gitlab_operations.mjs';
import {matchShape} from './gitlab_shapes.mjs';
import {serve} from './http.mjs';

const prefix = '/lab/api/v4/projects/';

export class Gitlab {
  // Repositories are bare ones in <root>/<group>/…/<name>.git.
  static async start({root, token}) {
    const gitlab = new Gitlab(root, token);
    const problem = (text) => gitlab.violations.push(text);
    gitlab.api = await serve((request, response, body) => gitlab.#answer(request, response, body), problem);
    gitlab.git = await serveGit({root, user: 'oauth2', password: token, onProblem: problem});
    return gitlab;
  }

  constructor(root, token) {
    Object.assign(this, {root, token, repos: new Map(), pipelines: [], mergeRequests: [], notes: [], issues: [],
      violations: [], requests: [], failures: [], nextId: 1000});
  }

  get url() { return `${this.api.url}/lab/api/v4`; }
  get site() { return `${this.api.url}/lab`; }
  get gitUrl() { return this.git.url; }

  async close() { await Promise.all([this.api.close(), this.git.close()]); }

  // ---- what a test sets up ----
  addRepo(name) {
    const repo = {name, id: this.nextId++};
    this.repos.set(name, repo);
    return repo;
  }

  // A pipeline that has failed a minute ago, with one job and its trace, unless told otherwise.
  addPipeline(pipeline) {
    const ago = (seconds) => new Date(Date.now() - seconds * 1000).toISOString();
    const made = {id: this.nextId++, ref: 'main', tag: false, source: 'push', status: 'failed', user: 'octo', ...pipeline};
    made.jobs = (pipeline.jobs ?? [{}]).map((job) => ({id: this.nextId++, name: 'build', stage: 'test',
      status: made.status, failure_reason: 'script_failure', allow_failure: false, created_at: ago(120),
      finished_at: ago(60), trace: pipeline.trace ?? '', ...job}));
    this.pipelines.push(made);
    return made;
  }

  // Ends the jobs that go on, and their pipeline.
  finishPipeline(id, status) {
    const pipeline = this.pipelines.find((p) => p.id === id);
    pipeline.status = status;
    for (const job of pipeline.jobs.filter((j) => j.status === 'running'))
      Object.assign(job, {status, finished_at: new Date().toISOString()});
    return pipeline;
  }

  fail(operation, answer, times = 1) { this.failures.push({operation, answer, times}); }

  merge(iid) {
    const request = this.mergeRequests.find((m) => m.iid === iid);
    request.state = 'merged';
    execFileSync('git', ['-C', this.gitFolder(request.repo), 'update-ref', `refs/heads/${request.target_branch}`,
      this.branchTip(request.repo, request.source_branch)]);
  }

  // ---- what a test looks at ----
  gitFolder(name) { return join(this.root, `${name}.git`); }

  branchTip(name, branch) {
    if (!existsSync(this.gitFolder(name))) return undefined;
    const text = execFileSync('git', ['-C', this.gitFolder(name), 'for-each-ref', `refs/heads/${branch}`,
      '--format=%(refname) %(objectname)'], {encoding: 'utf8'});
    return text.split('\n').map((l) => l.split(' ')).find(([ref]) => ref === `refs/heads/${branch}`)?.[1];
  }

  // Its merge requests keep the head that they had.
  removeBranch(name, branch) {
    const tip = this.branchTip(name, branch);
    for (const m of this.mergeRequests) if (m.repo === name && m.source_branch === branch) m.sha = tip;
    execFileSync('git', ['-C', this.gitFolder(name), 'update-ref', '-d', `refs/heads/${branch}`]);
  }

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

  #answer(request, response, rawBody) {
    const send = ({status, body, text, headers = {}}) => {
      const type = text === undefined ? 'application/json' : 'text/plain';
      response.writeHead(status, {'Content-Type': type, 'RateLimit-Limit': '2000', 'RateLimit-Remaining': '1999', ...headers});
      response.end(text ?? (body === undefined ? undefined : JSON.stringify(body)));
    };
    const where = `${request.method} ${request.url}`;
    this.requests.push(where);
    if (request.headers['private-token'] !== this.token || request.headers.authorization) {
      this.violations.push(`${where}: not authorised by PRIVATE-TOKEN alone`);
      return send({status: 401, body: {message: '401 Unauthorized'}});
    }
    const [path, search = ''] = request.url.split('?');
    const [project, ...rest] = path.startsWith(prefix) ? path.slice(prefix.length).split('/') : [''];
    const query = new URLSearchParams(search);
    const body = rawBody.length ? JSON.parse(rawBody) : undefined;
    const {operation, params, problems} = matchShape(request.method, `/${rest.join('/')}`, query, body);
    const repo = this.repos.get(decodeURIComponent(project));
    if (project.includes('%2F') === false) problems.push('the project is not one encoded path');
    if (problems.length) {
      this.violations.push(`${where}: ${problems.join('; ')}`);
      return send({status: operation ? 400 : 404, body: {error: problems.join('; ')}});
    }
    const failure = this.#programmedFailure(operation);
    if (failure) return send({body: {message: 'programmed failure'}, ...failure});
    const answer = repo && operations[operation](this, {repo, params, query, body});
    send(answer ?? {status: 404, body: {message: '404 Not found'}});
  }
}
