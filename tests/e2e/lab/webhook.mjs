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

export function postGeneric(url, secret, payload) {
  const body = JSON.stringify(payload);
  return post(url, body, {'Content-Type': 'application/json', 'X-Signature-256': signature(secret, body)});
}
