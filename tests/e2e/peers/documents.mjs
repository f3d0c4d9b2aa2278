// GitHub's documents, made from the examples of its own API description.

function repositoryDocument(description, repo) {
  const document = description.example('full-repository-default-response');
  for (const copy of [document, document.source, document.parent, document.template_repository]) {
    if (copy) copy.language = null;
  }
  const [owner, name] = repo.name.split('/');
  return Object.assign(document, {
    id: repo.id, name, full_name: repo.name, private: false, default_branch: repo.defaultBranch,
    owner: {...document.owner, login: owner},
  });
}

function minimalRepository(description, repo) {
  const document = description.example('workflow-run').repository;
  const [owner, name] = repo.name.split('/');
  return Object.assign(document, {
    id: repo.id, name, full_name: repo.name, owner: {...document.owner, login: owner},
  });
}

function runDocument(description, repo, run) {
  const document = description.example('workflow-run');
  return Object.assign(document, {
    id: run.id, run_attempt: run.attempt, run_number: 1, created_at: new Date().toISOString(),
    updated_at: run.updated ?? new Date().toISOString(), name: run.workflow, path: run.path,
    event: run.event, status: run.status, conclusion: run.conclusion,
    head_branch: run.branch, head_sha: run.commit,
    repository: minimalRepository(description, repo),
    head_repository: minimalRepository(description, run.headRepo ?? repo),
    pull_requests: [],
    actor: {...document.actor, login: run.author},
    triggering_actor: {...document.triggering_actor, login: run.author},
  });
}

function jobDocument(description, repo, run, job) {
  const document = description.example('job');
  const at = '2024-05-01T10:00:00Z';
  return Object.assign(document, {
    id: job.id, run_id: run.id, run_attempt: run.attempt, head_sha: run.commit,
    head_branch: run.branch, name: job.name, workflow_name: run.workflow,
    status: job.status ?? 'completed', conclusion: job.conclusion,
    created_at: at, started_at: at, completed_at: at,
    steps: job.steps.map((step, i) => ({
      name: step.name, number: i + 1, status: 'completed', conclusion: step.conclusion,
      started_at: at, completed_at: at,
    })),
  });
}

function changeFields(document, repo, pull, heads, labels) {
  const [owner] = repo.name.split('/');
  return Object.assign(document, {
    id: pull.number, number: pull.number, title: pull.title, body: pull.body, draft: pull.draft,
    state: pull.state, merged_at: pull.merged ? '2024-05-01T11:00:00Z' : null,
    requested_teams: [], labels,
    html_url: `https://github.example/${repo.name}/pull/${pull.number}`,
    head: {...document.head, ref: pull.head, label: `${owner}:${pull.head}`, sha: heads.head},
    base: {...document.base, ref: pull.base, label: `${owner}:${pull.base}`, sha: heads.base},
  });
}

function pullDocument(description, repo, pull, heads, labels) {
  const document = changeFields(description.example('pull-request'), repo, pull, heads, labels);
  return Object.assign(document, {merged: pull.merged, mergeable: true, node_id: `PR_${pull.number}`,
    auto_merge: null});
}

function simplePullDocument(description, repo, pull, heads, labels) {
  const [document] = description.example('pull-request-simple-items');
  return changeFields(document, repo, pull, heads, labels);
}

function labelDocument(description, name, i) {
  const [document] = description.example('label-items');
  return {...document, id: i + 1, name};
}

function branchDocument(description, name, commit) {
  const document = description.example('branch-get');
  return {...document, name, commit: {...document.commit, sha: commit}};
}

function refDocument(description, name, commit) {
  const document = description.example('git-ref');
  return {...document, ref: `refs/${name}`, object: {...document.object, type: 'commit', sha: commit}};
}

function commentDocument(description, comment) {
  return {...description.example('issue-comment'), id: comment.id, body: comment.body,
    html_url: `https://github.example/comments/${comment.id}`};
}

function commitCommentDocument(description, comment) {
  return {...description.example('commit-comment'), id: comment.id, body: comment.body,
    commit_id: comment.commit, html_url: `https://github.example/comments/${comment.id}`};
}

function issueDocument(description, repo, issue) {
  const document = description.example('issue');
  delete document.pull_request;
  return Object.assign(document, {
    id: issue.number, number: issue.number, title: issue.title, body: issue.body, state: issue.state,
    labels: issue.labels, comments: issue.comments,
    html_url: `https://github.example/${repo.name}/issues/${issue.number}`,
  });
}

function checksDocument(description, conclusions) {
  const {check_runs: [document]} = description.example('check-run-paginated');
  return {total_count: conclusions.length, check_runs: conclusions.map((conclusion, i) => ({
    ...document, id: i + 1, status: conclusion ? 'completed' : 'in_progress', conclusion,
  }))};
}

function statusDocument(description, commit) {
  const document = description.example('combined-commit-status');
  return {...document, sha: commit, state: 'pending', statuses: [], total_count: 0};
}

export class Documents {
  constructor(description) {
    for (const [name, make] of Object.entries({
      repository: repositoryDocument, run: runDocument, job: jobDocument, pull: pullDocument,
      simplePull: simplePullDocument, label: labelDocument, branch: branchDocument,
      ref: refDocument, comment: commentDocument, commitComment: commitCommentDocument,
      issue: issueDocument, checks: checksDocument, status: statusDocument,
    })) {
      this[name] = (...rest) => make(description, ...rest);
    }
  }
}
