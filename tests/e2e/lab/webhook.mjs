// Webhooks as GitHub and a generic CI send them: signed over the raw bytes.
import {createHmac, randomUUID} from 'node:crypto';
import {createRequire} from 'node:module';

const require = createRequire(import.meta.url);

// GitHub's own recorded payloads, by event: [{name, examples}].
export const recorded = require('@octokit/webhooks-examples');

export function recordedPayload(event, matches = () => true) {
  return structuredClone(recorded.find((e) => e.name === event).examples.find(matches));
}

// The failed workflow_run that GitHub would send of this run: a recorded one, told of our run.
export function failedRunPayload(repo, run) {
  const payload = recordedPayload('workflow_run', (e) => e.workflow_run.conclusion === 'success');
  const [owner, name] = repo.name.split('/');
  const repository = {...payload.repository, id: repo.id, name, full_name: repo.name,
    owner: {...payload.repository.owner, login: owner}};
  const head = run.headRepo ?? repo;
  Object.assign(payload, {action: 'completed', repository});
  Object.assign(payload.workflow_run, {
    id: run.id, run_attempt: run.attempt, name: run.workflow, path: run.path, event: run.event,
    status: 'completed', conclusion: run.conclusion, head_branch: run.branch, head_sha: run.commit,
    repository: {...payload.workflow_run.repository, id: repo.id, full_name: repo.name},
    head_repository: {...payload.workflow_run.head_repository, id: head.id, full_name: head.name},
    pull_requests: [],
  });
  return payload;
}

// A comment that a person writes on a pull request.
export function commentPayload(repo, pull, {id, author, authorId, text}) {
  const payload = recordedPayload('issue_comment', (e) => e.action === 'created');
  Object.assign(payload.issue, {number: pull.number, pull_request: {url: 'https://api.github.com/pulls'}});
  Object.assign(payload.comment, {id, body: text, performed_via_github_app: null});
  Object.assign(payload.comment.user, {login: author, id: authorId, type: 'User'});
  Object.assign(payload.repository, {id: repo.id, full_name: repo.name, name: repo.name.split('/')[1]});
  return payload;
}

// The payload of a pull request that was closed or merged.
export function closedChangePayload(repo, pull) {
  const payload = recordedPayload('pull_request', (e) => e.action === 'closed');
  Object.assign(payload, {number: pull.number});
  Object.assign(payload.pull_request, {number: pull.number, merged: pull.merged, state: 'closed'});
  Object.assign(payload.repository, {id: repo.id, full_name: repo.name, name: repo.name.split('/')[1]});
  return payload;
}

export function signature(secret, body) {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

export async function post(url, body, headers) {
  const response = await fetch(url, {method: 'POST', body, headers});
  return {status: response.status, text: await response.text()};
}

export function postGithub(url, secret, event, payload, {guid = randomUUID(), headers = {}} = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return post(url, body, {
    'Content-Type': 'application/json', 'User-Agent': 'GitHub-Hookshot/044aadd',
    'X-GitHub-Event': event, 'X-GitHub-Delivery': guid, 'X-GitHub-Hook-ID': '1',
    'X-Hub-Signature-256': signature(secret, body), ...headers,
  });
}

// The pipeline's event as GitLab sends it.
export function pipelinePayload(repo, pipeline) {
  const [name] = repo.name.split('/').slice(-1);
  return {
    object_kind: 'pipeline',
    object_attributes: {id: pipeline.id, iid: 3, name: pipeline.name ?? null, ref: pipeline.ref, tag: false,
      sha: pipeline.sha, before_sha: '0'.repeat(40), source: pipeline.source, status: pipeline.status,
      detailed_status: pipeline.status, stages: ['test'], created_at: '2024-05-01 10:00:00 UTC',
      finished_at: '2024-05-01 10:01:00 UTC', duration: 60, queued_duration: 1,
      variables: [{key: 'DEPLOY_TOKEN', value: 'must-not-be-kept'}], url: `https://gitlab.example/${repo.name}/-/pipelines/${pipeline.id}`},
    merge_request: null, user: {id: 1, username: 'octo'}, commit: {id: pipeline.sha, message: 'x'},
    project: {id: repo.id, name, path_with_namespace: repo.name, default_branch: 'main'},
    builds: pipeline.jobs.map(({trace, ...job}) => job),
  };
}

// Signed by the Standard Webhooks specification, with the key that the signing token stands for.
export function postGitlab(url, secret, payload, {id = randomUUID(), at = Date.now(), event = 'Pipeline Hook', headers = {}} = {}) {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const timestamp = String(Math.floor(at / 1000));
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return post(url, body, {
    'Content-Type': 'application/json', 'User-Agent': 'GitLab/18.0.0', 'X-Gitlab-Event': event,
    'X-Gitlab-Event-UUID': randomUUID(), 'X-Gitlab-Webhook-UUID': randomUUID(), 'Idempotency-Key': id,
    'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signed}`, ...headers,
  });
}

export function postGeneric(url, secret, payload) {
  const body = JSON.stringify(payload);
  return post(url, body, {'Content-Type': 'application/json', 'X-Signature-256': signature(secret, body)});
}
