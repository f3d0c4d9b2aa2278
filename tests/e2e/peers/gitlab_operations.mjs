// What the stand-in for GitLab answers, by the name of the shape. `undefined` is a 404.

const ok = (body, headers) => ({status: 200, body, headers});

function paged(items, query, size = 20) {
  const perPage = Number(query.get('per_page') ?? size), number = Number(query.get('page') ?? 1);
  const answer = ok(items.slice((number - 1) * perPage, number * perPage));
  if (number * perPage < items.length) {
    const next = new URLSearchParams(query);
    next.set('page', String(number + 1));
    answer.headers = {Link: `<http://gitlab.internal/api/v4/list?${next}>; rel="next"`};
  }
  return answer;
}

function pipelineDocument(gitlab, repo, p) {
  return {id: p.id, iid: 1, project_id: repo.id, name: p.name ?? null, sha: p.sha, ref: p.ref, tag: p.tag,
    source: p.source, status: p.status, yaml_errors: p.yaml_errors ?? null, user: {id: 1, username: p.user},
    web_url: `${gitlab.site}/${repo.name}/-/pipelines/${p.id}`};
}

function jobDocument(gitlab, repo, job) {
  const {trace, ...shown} = job;
  return {...shown, erased_at: null, web_url: `${gitlab.site}/${repo.name}/-/jobs/${job.id}`,
    failure_reason: job.status === 'failed' ? job.failure_reason : null};
}

function mergeRequestDocument(gitlab, repo, m) {
  const sha = gitlab.branchTip(repo.name, m.source_branch) ?? m.sha;
  const pipeline = gitlab.pipelines.findLast((p) => p.sha === sha && p.repo === repo.name);
  return {iid: m.iid, title: m.title, description: m.description, state: m.state, labels: m.labels,
    source_branch: m.source_branch, target_branch: m.target_branch, sha, author: {username: 'octo'},
    source_project_id: repo.id, target_project_id: repo.id, draft: m.title.startsWith('Draft: '),
    merge_when_pipeline_succeeds: m.auto_merge ?? false, detailed_merge_status: 'mergeable',
    head_pipeline: pipeline ? pipelineDocument(gitlab, repo, pipeline) : null,
    web_url: `${gitlab.site}/${repo.name}/-/merge_requests/${m.iid}`};
}

const labelsOf = (text) => (text ?? '').split(',').filter(Boolean);
const findPipeline = (gitlab, {repo, params: [id]}) =>
  gitlab.pipelines.find((p) => p.id === Number(id) && p.repo === repo.name);
const findJob = (gitlab, {repo, params: [id]}) => gitlab.pipelines.filter((p) => p.repo === repo.name)
  .flatMap((p) => p.jobs).find((j) => j.id === Number(id));
const findRequest = (gitlab, {repo, params: [iid]}) =>
  gitlab.mergeRequests.find((m) => m.iid === Number(iid) && m.repo === repo.name);

function retry(gitlab, call) {
  const pipeline = findPipeline(gitlab, call);
  if (!pipeline) return undefined;
  const newest = new Map(pipeline.jobs.map((j) => [j.name, j]));
  for (const job of newest.values()) {
    if (!['failed', 'canceled'].includes(job.status)) continue;
    pipeline.jobs.push({...job, id: gitlab.nextId++, status: 'running', created_at: new Date().toISOString(), finished_at: null});
    pipeline.status = 'running';
  }
  return {status: 201, body: pipelineDocument(gitlab, call.repo, pipeline)};
}

function createRequest(gitlab, {repo, body}) {
  if (!gitlab.branchTip(repo.name, body.source_branch)) return {status: 422, body: {message: ['source branch is missing']}};
  const other = gitlab.mergeRequests.find((m) => m.repo === repo.name && m.state === 'opened' &&
    m.source_branch === body.source_branch && m.target_branch === body.target_branch);
  if (other) {
    return {status: 409, body: {message: [`Another open merge request already exists for this source branch: !${other.iid}`]}};
  }
  const made = {repo: repo.name, iid: gitlab.nextId++, state: 'opened', description: '', ...body, labels: labelsOf(body.labels)};
  gitlab.mergeRequests.push(made);
  return {status: 201, body: mergeRequestDocument(gitlab, repo, made)};
}

function updateRequest(gitlab, call) {
  const found = findRequest(gitlab, call);
  if (!found) return undefined;
  const {add_labels: added, state_event: event, ...fields} = call.body;
  if (event === 'close') found.state = 'closed';
  Object.assign(found, fields, {labels: [...new Set([...found.labels, ...labelsOf(added)])]});
  return ok(mergeRequestDocument(gitlab, call.repo, found));
}

function mergeRequest(gitlab, call) {
  const found = findRequest(gitlab, call);
  if (!found) return undefined;
  const document = mergeRequestDocument(gitlab, call.repo, found);
  const status = document.head_pipeline?.status;
  if (document.draft || found.state !== 'opened') return {status: 405, body: {message: '405 Method Not Allowed'}};
  if (call.body.sha && call.body.sha !== document.sha) return {status: 409, body: {message: 'SHA does not match HEAD of source branch'}};
  if (call.body.auto_merge && status !== 'success') {
    if (status !== 'running') return {status: 405, body: {message: '405 Method Not Allowed'}};
    found.auto_merge = true;
  } else {
    gitlab.merge(found.iid);
  }
  return ok(mergeRequestDocument(gitlab, call.repo, found));
}

function addNote(gitlab, place, repo, text) {
  const note = {id: gitlab.nextId++, repo: repo.name, place, text};
  gitlab.notes.push(note);
  return note;
}
const notesAt = (gitlab, repo, place) => gitlab.notes.filter((n) => n.repo === repo.name && n.place === place);

export const operations = {
  'pipelines/get': (gitlab, call) => {
    const pipeline = findPipeline(gitlab, call);
    return pipeline && ok(pipelineDocument(gitlab, call.repo, pipeline));
  },
  'pipelines/jobs': (gitlab, call) => {
    const pipeline = findPipeline(gitlab, call);
    if (!pipeline) return undefined;
    const newest = new Set(new Map(pipeline.jobs.map((j) => [j.name, j])).values());
    const told = pipeline.jobs.filter((j) => call.query.get('include_retried') === 'true' || newest.has(j));
    return paged(told.toReversed().map((j) => jobDocument(gitlab, call.repo, j)), call.query);
  },
  'pipelines/bridges': (gitlab, call) => findPipeline(gitlab, call) && ok([]),
  'pipelines/retry': retry,
  'jobs/get': (gitlab, call) => {
    const job = findJob(gitlab, call);
    return job && ok(jobDocument(gitlab, call.repo, job));
  },
  'jobs/trace': (gitlab, call) => {
    const job = findJob(gitlab, call);
    return job && {status: 200, text: job.trace};
  },
  'branches/get': (gitlab, {repo, params: [name]}) => {
    const tip = gitlab.branchTip(repo.name, name);
    return tip && ok({name, commit: {id: tip}});
  },
  'branches/delete': (gitlab, {repo, params: [name]}) => {
    if (!gitlab.branchTip(repo.name, name)) return undefined;
    gitlab.removeBranch(repo.name, name);
    return {status: 204};
  },
  // Its jobs, the newest of each name.
  'commits/statuses': (gitlab, {repo, params: [sha], query}) => {
    const pipeline = gitlab.pipelines.findLast((p) => p.sha === sha && p.repo === repo.name);
    const newest = new Map((pipeline?.jobs ?? []).map((j) => [j.name, j]));
    return paged([...newest.values()].map((j) => ({name: j.name, status: j.status, allow_failure: false})), query);
  },
  'commits/get': (gitlab, {params: [id]}) => ok({id, parent_ids: []}),
  'commits/comments': (gitlab, {repo, params: [id], query}) =>
    paged(notesAt(gitlab, repo, id).map(({text}) => ({note: text})), query),
  'commits/comment': (gitlab, {repo, params: [id], body}) =>
    ({status: 201, body: {note: addNote(gitlab, id, repo, body.note).text}}),
  'merge_requests/list': (gitlab, {repo, query}) => {
    const fits = (key, value) => !query.get(key) || query.get(key) === value;
    return paged(gitlab.mergeRequests.filter((m) => m.repo === repo.name && fits('state', m.state) &&
      fits('source_branch', m.source_branch)).map((m) => mergeRequestDocument(gitlab, repo, m)), query);
  },
  'merge_requests/create': createRequest,
  'merge_requests/get': (gitlab, call) => {
    const found = findRequest(gitlab, call);
    return found && ok(mergeRequestDocument(gitlab, call.repo, found));
  },
  'merge_requests/update': updateRequest,
  'merge_requests/merge': mergeRequest,
  'notes/list': (gitlab, {repo, params: [iid], query}) =>
    paged(notesAt(gitlab, repo, iid).toReversed().map(({id, text}) => ({id, body: text})), query),
  'notes/create': (gitlab, {repo, params: [iid], body}) => {
    const {id, text} = addNote(gitlab, iid, repo, body.body);
    return {status: 201, body: {id, body: text}};
  },
  'issues/list': (gitlab, {repo, query}) => paged(gitlab.issues.filter((i) => i.repo === repo.name), query),
  'issues/create': (gitlab, {repo, body}) => {
    const issue = {repo: repo.name, description: '', ...body, web_url: `${gitlab.site}/${repo.name}/-/issues/${gitlab.nextId++}`};
    gitlab.issues.push(issue);
    return {status: 201, body: issue};
  },
};
