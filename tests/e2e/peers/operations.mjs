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
    head: github.branchTip(pull.repo, pull.head) ?? gone,
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
  const pull = {
    repo: repo.name, number: github.nextId++, head, base: body.base, title: body.title,
    body: body.body ?? '', draft: body.draft ?? false, state: 'open', merged: false,
  };
  github.pulls.push(pull);
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

function redirectToLog(github, {repo, params}) {
  const job = github.jobs.find((j) => j.id === Number(params.job_id) && j.run.repo === repo.name);
  if (!job) return undefined;
  return {status: 302, headers: {Location: `${github.logHost.url}/logs/${job.id}?sig=signed`}};
}

function listRuns(github, {repo, query}) {
  const wanted = {branch: 'branch', head_sha: 'commit', event: 'event'};
  const runs = github.runs.filter((r) => r.repo === repo.name && newestAttempt(github, r.id) === r &&
    Object.entries(wanted).every(([key, field]) => !query.get(key) || query.get(key) === r[field]));
  return ok({
    total_count: runs.length,
    workflow_runs: page(runs, query).map((r) => github.documents.run(repo, r)),
  });
}

export const operations = {
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
  'checks/list-annotations': () => ok([]),
  'repos/list-pull-requests-associated-with-commit': pullsOfCommit,
  'pulls/create': createPull,
  'pulls/list': listPulls,
  'pulls/get': (github, call) => {
    const pull = findPull(github, call);
    return pull && ok(pullDocument(github, call.repo, pull));
  },
  'pulls/update': updatePull,
  'issues/add-labels': addLabels,
  'issues/create-comment': addComment,
};
