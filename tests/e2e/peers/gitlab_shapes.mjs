// What GitLab's REST API (version 4) takes, written by hand from its documentation: GitLab's own OpenAPI
// description is in no package. `query` and `body` name what may be there; `!` marks what must be.
const page = ['per_page', 'page'];
const id = '(\\d+)', sha = '([0-9a-f]{40})', branch = '([^/?]+)';

export const shapes = [
  {name: 'pipelines/get', method: 'GET', path: `/pipelines/${id}`},
  {name: 'pipelines/jobs', method: 'GET', path: `/pipelines/${id}/jobs`, query: ['include_retried', 'scope', ...page]},
  {name: 'pipelines/bridges', method: 'GET', path: `/pipelines/${id}/bridges`, query: ['scope', ...page]},
  {name: 'pipelines/retry', method: 'POST', path: `/pipelines/${id}/retry`},
  {name: 'jobs/get', method: 'GET', path: `/jobs/${id}`},
  {name: 'jobs/trace', method: 'GET', path: `/jobs/${id}/trace`},
  {name: 'branches/get', method: 'GET', path: `/repository/branches/${branch}`},
  {name: 'branches/delete', method: 'DELETE', path: `/repository/branches/${branch}`},
  {name: 'commits/statuses', method: 'GET', path: `/repository/commits/${sha}/statuses`,
    query: ['ref', 'stage', 'name', 'pipeline_id', 'all', ...page]},
  {name: 'commits/get', method: 'GET', path: `/repository/commits/${sha}`, query: ['stats']},
  {name: 'commits/comments', method: 'GET', path: `/repository/commits/${sha}/comments`, query: page},
  {name: 'commits/comment', method: 'POST', path: `/repository/commits/${sha}/comments`,
    body: {note: 'string!', path: 'string', line: 'number', line_type: 'string'}},
  {name: 'merge_requests/list', method: 'GET', path: '/merge_requests',
    query: ['state', 'source_branch', 'target_branch', 'labels', 'order_by', 'sort', ...page]},
  {name: 'merge_requests/create', method: 'POST', path: '/merge_requests',
    body: {source_branch: 'string!', target_branch: 'string!', title: 'string!', description: 'string',
      labels: 'string', remove_source_branch: 'boolean', squash: 'boolean'}},
  {name: 'merge_requests/get', method: 'GET', path: `/merge_requests/${id}`},
  {name: 'merge_requests/update', method: 'PUT', path: `/merge_requests/${id}`,
    body: {title: 'string', description: 'string', target_branch: 'string', add_labels: 'string',
      labels: 'string', state_event: 'string'}},
  {name: 'merge_requests/merge', method: 'PUT', path: `/merge_requests/${id}/merge`,
    body: {sha: 'string', auto_merge: 'boolean', merge_when_pipeline_succeeds: 'boolean', squash: 'boolean'}},
  {name: 'notes/list', method: 'GET', path: `/merge_requests/${id}/notes`, query: ['order_by', 'sort', ...page]},
  {name: 'notes/create', method: 'POST', path: `/merge_requests/${id}/notes`, body: {body: 'string!'}},
  {name: 'issues/list', method: 'GET', path: '/issues', query: ['scope', 'state', 'labels', 'order_by', 'sort', ...page]},
  {name: 'issues/create', method: 'POST', path: '/issues',
    body: {title: 'string!', description: 'string', labels: 'string'}},
];

// Of an enumeration, what may be said.
const words = {
  state: ['opened', 'closed', 'locked', 'merged', 'all'], sort: ['asc', 'desc'],
  order_by: ['created_at', 'updated_at'], scope: ['all', 'created_by_me', 'failed'], include_retried: ['true', 'false'],
};

function bodyProblems(shape, body) {
  const fields = shape.body ?? {};
  const problems = [];
  for (const [key, value] of Object.entries(body ?? {})) {
    if (!(key in fields)) problems.push(`the body may not have ${key}`);
    else if (typeof value !== fields[key].replace('!', '')) problems.push(`${key} is no ${fields[key]}`);
  }
  for (const [key, type] of Object.entries(fields)) {
    if (type.endsWith('!') && body?.[key] === undefined) problems.push(`the body needs ${key}`);
  }
  if (body?.title?.length > 255) problems.push('the title is longer than 255');
  return problems;
}

function queryProblems(shape, query) {
  const problems = [];
  for (const [key, value] of query) {
    if (!(shape.query ?? []).includes(key)) problems.push(`there is no parameter ${key}`);
    else if (words[key] && !words[key].includes(value)) problems.push(`${key} is not one of ${words[key]}`);
    else if (page.includes(key) && !/^[1-9]\d*$/.test(value)) problems.push(`${key} is no number`);
  }
  if (Number(query.get('per_page') ?? 20) > 100) problems.push('per_page is over 100');
  return problems;
}

// The shape of a request below a project, its parameters, and what is wrong with it.
export function matchShape(method, path, query, body) {
  for (const shape of shapes) {
    const match = new RegExp(`^${shape.path}$`).exec(path);
    if (!match || shape.method !== method) continue;
    return {operation: shape.name, params: match.slice(1).map(decodeURIComponent),
      problems: [...queryProblems(shape, query), ...bodyProblems(shape, body)]};
  }
  return {problems: [`no operation ${method} ${path}`]};
}
