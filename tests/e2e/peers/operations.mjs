// What the stand-in for GitHub answers, by the operation's id in GitHub's own description. `undefined`
// is a 404.

const ok = (body) => ({status: 200, body});

function page(items, query) {
  const size = Number(query.get('per_page') ?? 30), number = Number(query.get('page') ?? 1);
  return items.slice((number - 1) * size, number * size);
}

// A re-run keeps the run's id: the newest attempt is the run.
function newestAttempt(github, id) {
  return github.runs.filter((r) => r.id === id).sort((a, b) => b.attempt - a.attempt)[0];
}

function findRun(github, {repo, params}, attempt) {
  const id = Number(params.run_id);
  const run = attempt
    ? github.runs.find((r) => r.id === id && r.attempt === Number(attempt))
    : newestAttempt(github, id);
  return run?.repo === repo.name ? run : undefined;
}

function jobsOf(github, call, run) {
  if (!run) return undefined;
  const jobs = github.jobs.filter((j) => j.run === run).map((j) => github.documents.job(call.repo, run, j));
  return ok({total_count: jobs.length, jobs: page(jobs, call.query)});
}

function heads(github, pull) {
  const gone = '0'.repeat(40);
  return {
    head: github.branchTip(pull.repo, pull.head) ?? pull.sha ?? gone,
    base: github.branchTip(pull.repo, pull.base) ?? gone,
  };
}

function labelsOf(github, repo, number) {
  const names = github.labels.get(`${repo.name}#${number}`) ?? [];
  return names.map((name, i) => github.documents.label(name, i));
}

function pullDocument(github, repo, pull) {
  return github.documents.pull(repo, pull, heads(github, pull), labelsOf(github, repo, pull.number));
}

function findPull(github, {repo, params}) {
  return github.pulls.find((p) => p.repo === repo.name && p.number === Number(params.pull_number));
}

function refused(message) {
  return {
    status: 422,
    body: {
      message: 'Validation Failed', documentation_url: 'https://docs.github.com/rest',
      errors: [{resource: 'PullRequest', code: 'custom', message}],
    },
  };
}

function createPull(github, {repo, body}) {
  const [owner] = repo.name.split('/');
  const head = body.head.includes(':') ? body.head.split(':')[1] : body.head;
  if (!github.branchTip(repo.name, head)) return refused('head is invalid');
  if (!github.branchTip(repo.name, body.base)) return refused('base is invalid');
  const open = github.pulls.find((p) => p.repo === repo.name && p.head === head && p.state === 'open');
  if (open) return refused(`A pull request already exists for ${owner}:${head}.`);
  const pull = github.addPull({repo: repo.name, head, base: body.base, title: body.title, body: body.body ?? '',
    draft: body.draft ?? false});
  return {status: 201, body: pullDocument(github, repo, pull)};
}

function listPulls(github, {repo, query}) {
  const [owner] = repo.name.split('/');
  const state = query.get('state') ?? 'open', head = query.get('head'), base = query.get('base');
  const found = github.pulls.filter((p) => p.repo === repo.name &&
    (state === 'all' || p.state === state) && (!head || head === `${owner}:${p.head}`) &&
    (!base || base === p.base));
  return ok(page(found, query).map((p) =>
    github.documents.simplePull(repo, p, heads(github, p), labelsOf(github, repo, p.number))));
}

function pullsOfCommit(github, {repo, params, query}) {
  const found = github.pulls.filter((p) => p.repo === repo.name && heads(github, p).head === params.commit_sha);
  return ok(page(found, query).map((p) =>
    github.documents.simplePull(repo, p, heads(github, p), labelsOf(github, repo, p.number))));
}

function updatePull(github, call) {
  const pull = findPull(github, call);
  if (!pull) return undefined;
  for (const key of ['title', 'body', 'state', 'base']) {
    if (call.body?.[key] !== undefined) pull[key] = call.body[key];
  }
  return ok(pullDocument(github, call.repo, pull));
}

function addLabels(github, {repo, params, body}) {
  const key = `${repo.name}#${params.issue_number}`;
  const names = (Array.isArray(body) ? body : body.labels).map((l) => l.name ?? l);
  github.labels.set(key, [...new Set([...(github.labels.get(key) ?? []), ...names])]);
  return ok(labelsOf(github, repo, params.issue_number));
}

function addComment(github, {repo, params, body}) {
  const comment = {id: github.nextId++, repo: repo.name, number: Number(params.issue_number), body: body.body};
  github.comments.push(comment);
  return {status: 201, body: github.documents.comment(comment)};
}

function commentsOn(github, {repo, params, query}) {
  const found = github.comments.filter((c) => c.repo === repo.name && c.number === Number(params.issue_number));
  return ok(page(found, query).map((c) => github.documents.comment(c)));
}

function addCommitComment(github, {repo, params, body}) {
  const comment = {id: github.nextId++, repo: repo.name, commit: params.commit_sha, body: body.body};
  github.comments.push(comment);
  return {status: 201, body: github.documents.commitComment(comment)};
}

function commentsOnCommit(github, {repo, params, query}) {
  const found = github.comments.filter((c) => c.repo === repo.name && c.commit === params.commit_sha);
  return ok(page(found, query).map((c) => github.documents.commitComment(c)));
}

// A pull request is an issue too.
function issueDocument(github, repo, issue) {
  const comments = github.comments.filter((c) => c.repo === repo.name && c.number === issue.number).length;
  return github.documents.issue(repo, {...issue, comments, labels: labelsOf(github, repo, issue.number)});
}

function createIssue(github, {repo, body}) {
  const issue = {repo: repo.name, number: github.nextId++, title: body.title, body: body.body ?? '', state: 'open'};
  github.issues.push(issue);
  github.labels.set(`${repo.name}#${issue.number}`, (body.labels ?? []).map((l) => l.name ?? l));
  return {status: 201, body: issueDocument(github, repo, issue)};
}

function listIssues(github, {repo, query}) {
  const labels = (query.get('labels') ?? '').split(',').filter(Boolean);
  const state = query.get('state') ?? 'open';
  const found = github.issues.filter((i) => i.repo === repo.name && (state === 'all' || i.state === state) &&
    labels.every((l) => github.labels.get(`${repo.name}#${i.number}`).includes(l)));
  return ok(page(found.reverse(), query).map((i) => issueDocument(github, repo, i)));
}

function getIssue(github, {repo, params}) {
  const number = Number(params.issue_number);
  const found = [...github.issues, ...github.pulls].find((i) => i.repo === repo.name && i.number === number);
  return found && ok(issueDocument(github, repo, found));
}

// The new attempt goes on until the test ends it.
function rerun(github, call) {
  const run = findRun(github, call);
  if (!run) return undefined;
  if (run.status !== 'completed') return {status: 403, body: {message: 'This workflow is already running'}};
  const jobs = github.jobs.filter((j) => j.run === run);
  const again = {...run, attempt: run.attempt + 1, status: 'in_progress', conclusion: null};
  github.runs.push(again);
  for (const job of jobs) github.jobs.push({...job, id: github.nextId++, run: again});
  return {status: 201, body: {}};
}

function mergePull(github, call) {
  const pull = findPull(github, call);
  if (!pull) return undefined;
  if (pull.draft) return {status: 405, body: {message: 'Pull Request is still a draft'}};
  const {head} = heads(github, pull);
  if (call.body?.sha && call.body.sha !== head)
    return {status: 409, body: {message: 'Head branch was modified. Review and try the merge again.'}};
  github.merge(pull.number);
  return ok({sha: head, merged: true, message: 'Pull Request successfully merged'});
}

// GraphQL is not in the description: only the two mutations are known, by their names.
export function graphQl(github, {query, variables}) {
  const refuse = (type, message) => ({data: null, errors: [{type, message}]});
  const pull = github.pulls.find((p) => `PR_${p.number}` === variables?.id);
  if (!pull) return refuse('NOT_FOUND', 'Could not resolve to a node');
  if (query.includes('markPullRequestReadyForReview(')) {
    pull.draft = false;
  } else if (query.includes('enablePullRequestAutoMerge(')) {
    return refuse('UNPROCESSABLE', 'Pull request Pull request is in clean status');
  } else {
    return refuse('undefinedField', 'Field does not exist');
  }
  return {data: {}};
}

function redirectToLog(github, {repo, params}) {
  const job = github.jobs.find((j) => j.id === Number(params.job_id) && j.run.repo === repo.name);
  if (!job) return undefined;
  return {status: 302, headers: {Location: `${github.logHost.url}/logs/${job.id}?sig=signed`}};
}

function listRuns(github, {repo, query}) {
  const wanted = {branch: 'branch', head_sha: 'commit', event: 'event'};
  const runs = github.runs.filter((r) => r.repo === repo.name && newestAttempt(github, r.id) === r &&
    (!query.get('status') || [r.status, r.conclusion].includes(query.get('status'))) &&
    Object.entries(wanted).every(([key, field]) => !query.get(key) || query.get(key) === r[field]));
  return ok({
    total_count: runs.length,
    workflow_runs: page(runs, query).map((r) => github.documents.run(repo, r)),
  });
}

// What the app was granted; of that the daemon is to ask for what it needs, for one repository.
const granted = {contents: 'write', pull_requests: 'write', actions: 'write', issues: 'write', checks: 'read',
  metadata: 'read', workflows: 'write'};

function installationToken(github, {repo, body}) {
  const {permissions} = body;
  const tooMuch = Object.keys(permissions).filter((name) => name === 'workflows' || granted[name] !== permissions[name]);
  if (tooMuch.length || body.repositories.length !== 1) github.violations.push(`a token was asked for ${JSON.stringify(body)}`);
  github.tokensGiven = (github.tokensGiven ?? 0) + 1;
  return {status: 201, body: {token: github.token, expires_at: new Date(Date.now() + 3600_000).toISOString(), permissions,
    repository_selection: 'selected', repositories: [github.documents.repository(repo)]}};
}

// Of the one person that the test named; everyone else is unknown.
function permission(github, {params}) {
  const person = github.people?.[params.username];
  if (!person) return undefined;
  const answer = github.description.example('repository-collaborator-permission-response-if-user-has-admin-permissions');
  return ok({...answer, permission: person.permission, role_name: person.permission,
    user: {...answer.user, login: params.username, id: person.id, role_name: person.permission}});
}

function react(github, {params, body}) {
  github.reactions = [...github.reactions ?? [], `${params.comment_id} ${body.content}`];
  return {status: 201, body: {...github.description.example('reaction'), content: body.content}};
}

export const operations = {
  'repos/get-collaborator-permission-level': permission,
  'reactions/create-for-issue-comment': react,
  'repos/list-webhooks': () => undefined,  // this token may not see them
  'apps/get-repo-installation': (github) =>
    ok({...github.description.example('installation'), suspended_at: null, suspended_by: null, permissions: granted}),
  'apps/create-installation-access-token': installationToken,
  'repos/get': (github, {repo}) => ok(github.documents.repository(repo)),
  'actions/list-workflow-runs-for-repo': listRuns,
  'actions/get-workflow-run': (github, call) => {
    const run = findRun(github, call);
    return run && ok(github.documents.run(call.repo, run));
  },
  'actions/get-workflow-run-attempt': (github, call) => {
    const run = findRun(github, call, call.params.attempt_number);
    return run && ok(github.documents.run(call.repo, run));
  },
  'actions/list-jobs-for-workflow-run': (github, call) => jobsOf(github, call, findRun(github, call)),
  'actions/list-jobs-for-workflow-run-attempt': (github, call) =>
    jobsOf(github, call, findRun(github, call, call.params.attempt_number)),
  'actions/get-job-for-workflow-run': (github, {repo, params}) => {
    const job = github.jobs.find((j) => j.id === Number(params.job_id) && j.run.repo === repo.name);
    return job && ok(github.documents.job(repo, job.run, job));
  },
  'actions/download-job-logs-for-workflow-run': redirectToLog,
  'repos/get-branch': (github, {repo, params}) => {
    const tip = github.branchTip(repo.name, params.branch);
    return tip && ok(github.documents.branch(params.branch, tip));
  },
  'git/get-ref': (github, {repo, params}) => {
    const tip = github.branchTip(repo.name, params.ref.replace(/^heads\//, ''));
    return tip && ok(github.documents.ref(params.ref, tip));
  },
  'git/delete-ref': (github, {repo, params}) => {
    const branch = params.ref.replace(/^heads\//, '');
    if (!github.branchTip(repo.name, branch)) return {status: 422, body: {message: 'Reference does not exist'}};
    github.removeBranch(repo.name, branch);
    return {status: 204};
  },
  'checks/list-annotations': () => ok([]),
  'repos/list-pull-requests-associated-with-commit': pullsOfCommit,
  'pulls/create': createPull,
  'pulls/list': listPulls,
  'pulls/get': (github, call) => {
    const pull = findPull(github, call);
    return pull && ok(pullDocument(github, call.repo, pull));
  },
  'pulls/update': updatePull,
  'pulls/merge': mergePull,
  'issues/add-labels': addLabels,
  'issues/create-comment': addComment,
  'issues/list-comments': commentsOn,
  'issues/create': createIssue,
  'issues/list-for-repo': listIssues,
  'issues/get': getIssue,
  'issues/list-labels-on-issue': (github, {repo, params}) => ok(labelsOf(github, repo, params.issue_number)),
  'repos/create-commit-comment': addCommitComment,
  'repos/list-comments-for-commit': commentsOnCommit,
  'checks/list-for-ref': (github, {params}) => ok(github.documents.checks(github.checks.get(params.ref) ?? [])),
  'repos/get-combined-status-for-ref': (github, {params}) => ok(github.documents.status(params.ref)),
  'actions/re-run-workflow-failed-jobs': rerun,
};
