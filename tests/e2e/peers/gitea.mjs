// A stateful stand-in for Gitea, below a path of its own, for one run that failed and what becomes of it.
// Source of the fields: Gitea's API description, templates/swagger/v1_json.tmpl. A request that is not
// known, or without the token, is a violation, and a violation fails the test that made it.
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';

import {serveGit} from './git_http.mjs';
import {serve} from './http.mjs';

const prefix = '/tea/api/v1/repos/';

export class Gitea {
  // Repositories are bare ones in <root>/<owner>/<name>.git.
  static async start({root, token}) {
    const gitea = new Gitea(root, token);
    const problem = (text) => gitea.violations.push(text);
    gitea.api = await serve((request, response, body) => gitea.#answer(request, response, body), problem);
    gitea.git = await serveGit({root, user: 'regreen', password: token, onProblem: problem});
    return gitea;
  }

  constructor(root, token) {
    Object.assign(this, {root, token, runs: [], pulls: [], labels: [], violations: [], requests: []});
  }

  get url() { return `${this.api.url}/tea/api/v1`; }
  get gitUrl() { return this.git.url; }
  async close() { await Promise.all([this.api.close(), this.git.close()]); }
  problems() { return this.violations; }
  gitFolder(name) { return join(this.root, `${name}.git`); }

  addRun(run) {
    const made = {id: 500 + this.runs.length, run_attempt: 1, event: 'push', status: 'completed', conclusion: 'failure',
      path: 'ci.yml@refs/heads/main', head_branch: 'main', actor: {login: 'octo'}, ...run};
    this.runs.push(made);
    return made;
  }

  merge(number) {
    const pull = this.pulls.find((p) => p.number === number);
    Object.assign(pull, {state: 'closed', merged: true});
    execFileSync('git', ['-C', this.gitFolder(pull.repo), 'update-ref', `refs/heads/${pull.base}`,
      this.branchTip(pull.repo, pull.head)]);
  }

  branchTip(name, branch) {
    return execFileSync('git', ['-C', this.gitFolder(name), 'for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`],
      {encoding: 'utf8'}).trim() || undefined;
  }

  #pullDocument(p) {
    return {number: p.number, title: p.title, body: p.body, state: p.state, merged: p.merged, user: {login: 'regreen'},
      html_url: `${this.api.url}/tea/${p.repo}/pulls/${p.number}`, labels: p.labels.map((name) => ({name})),
      head: {ref: p.head, sha: this.branchTip(p.repo, p.head) ?? '', repo_id: 7}, base: {ref: p.base, repo_id: 7}};
  }

  // What is answered, by the method and the path below the repository.
  #routes() {
    const ok = (body, status = 200) => ({status, body});
    const run = (id) => this.runs.find((r) => r.id === Number(id));
    const pull = (number) => this.pulls.find((p) => p.number === Number(number));
    const found = (thing, body) => (thing ? ok(body(thing)) : {status: 404, body: {message: 'Not Found'}});
    return [
      ['GET', /^actions\/runs\/(\d+)$/, ([id]) => found(run(id), ({log, ...shown}) => shown)],
      ['GET', /^actions\/runs\/(\d+)\/attempts\/1\/jobs$/, ([id]) => found(run(id), (r) => ({total_count: 1, jobs: [
        {id: r.id * 10, name: 'build', status: 'completed', conclusion: 'failure', steps: [
          {name: 'Checkout', number: 0, status: 'completed', conclusion: 'success'},
          {name: 'Check', number: 1, status: 'completed', conclusion: 'failure'}]}]}))],
      ['GET', /^actions\/jobs\/(\d+)\/logs$/, ([id]) => ({status: 200, text: run(id / 10).log})],
      ['GET', /^branches\/(.+)$/, ([name], {repo}) => found(this.branchTip(repo, name), (id) => ({name, commit: {id}}))],
      ['POST', /^pulls$/, (_, {repo, body}) => {
        const {title, head, base, body: text} = body;
        const made = {repo, number: this.pulls.length + 1, title, head, base, body: text, state: 'open', merged: false, labels: []};
        this.pulls.push(made);
        return ok(this.#pullDocument(made), 201);
      }],
      ['GET', /^pulls\/(\d+)$/, ([number]) => found(pull(number), (p) => this.#pullDocument(p))],
      ['GET', /^labels$/, () => ok(this.labels)],
      ['POST', /^labels$/, (_, {body}) => {
        this.labels.push({id: this.labels.length + 1, name: body.name});
        return ok(this.labels.at(-1), 201);
      }],
      ['POST', /^issues\/(\d+)\/labels$/, ([number], {body}) => found(pull(number), (p) => {
        p.labels.push(...body.labels.map((id) => this.labels.find((l) => l.id === id).name));
        return [];
      })],
    ];
  }

  #answer(request, response, rawBody) {
    const where = `${request.method} ${request.url}`;
    const send = ({status, body, text}) => {
      response.writeHead(status, {'Content-Type': text === undefined ? 'application/json' : 'text/plain'});
      response.end(text ?? JSON.stringify(body));
    };
    this.requests.push(where);
    if (request.headers.authorization !== `token ${this.token}`) {
      this.violations.push(`${where}: not authorised by the token`);
      return send({status: 401, body: {message: 'token is required'}});
    }
    const path = decodeURIComponent(request.url.split('?')[0]);
    const [owner, name, ...rest] = path.startsWith(prefix) ? path.slice(prefix.length).split('/') : [];
    for (const [method, pattern, answer] of this.#routes()) {
      const match = request.method === method && pattern.exec(rest.join('/'));
      if (match) return send(answer(match.slice(1), {repo: `${owner}/${name}`, body: rawBody.length ? JSON.parse(rawBody) : undefined}));
    }
    this.violations.push(`${where}: Gitea is not asked for this here`);
    return send({status: 404, body: {message: 'Not Found'}});
  }
}
