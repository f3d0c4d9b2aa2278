// Prints a failing workflow_run as GitHub sends it: one of its own recorded payloads, told as failed.
import {failedRunPayload} from '../e2e/lab/webhook.mjs';

const repo = {name: 'acme/widget', id: 1};
console.log(JSON.stringify(failedRunPayload(repo, {
  id: 2, attempt: 1, workflow: 'CI', path: '.github/workflows/ci.yml', event: 'push',
  conclusion: 'failure', branch: 'main', commit: '0123456789abcdef0123456789abcdef01234567',
})));
