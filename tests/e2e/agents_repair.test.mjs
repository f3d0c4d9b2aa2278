// The real Claude Code, Codex and opencode repair, each in the sandbox, offline, with a scripted model that only the
// broker reaches.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {agentNames, agentsMissing, labOf, projects, promptOf, theKey, useAgent, withModel} from './lab/agents.mjs';
import {inLab} from './lab/lab.mjs';
import {git} from './lab/samples.mjs';

const skip = agentsMissing();
if (skip) console.log(`SKIPPED: the agents are not here: ${skip}`);

const isRepaired = (lab, [file, text]) => {
  const [pull] = lab.github.pulls;
  assert.match(git(lab.github.gitFolder('acme/widget'), 'show', `${pull.head}:${file}`), text);
};

describe('a red project becomes green', {skip, concurrency: 2}, () => {
  for (const name of agentNames) {
    for (const [language, project] of Object.entries(projects)) {
      test(`by ${name}: ${language}`, inLab(labOf(project), withModel(async (lab, model) => {
        model.use((turn) => turn === 0 ? {shell: project.right} : {say: 'Repaired.'});
        useAgent(lab, name, model);
        await lab.daemon.start();
        await lab.deliverRun(lab.failedRun({log: project.log}));
        const task = await lab.taskIn('watching', {seconds: 150});
        isRepaired(lab, project.fixed);
        const asked = model.requests.filter((request) => !request.aside);
        assert.equal(asked.length, 2, 'the edit, and the word');
        for (const request of model.requests) {
          const sent = request.headers['x-api-key'] ?? request.headers.authorization;
          assert.match(sent, new RegExp(`${theKey}$`), 'the broker adds the key');
          assert.equal(request.headers['accept-encoding'], 'identity');
        }
        assert.match(promptOf(asked[0]), /make check/);
        const {spent_usd: usd} = await lab.daemon.json('task', 'show', task.id);
        const calls = model.requests.length;
        assert.ok(Math.abs(usd - calls * (800 * 3 + 200 * 0.3 + 50 * 15) / 1e6) < 1e-9, `cost $${usd} for ${calls} calls`);
        const [pull] = lab.github.pulls;
        assert.match(pull.body, /made by agent `robot` in 1 round, for \$0\.\d{4} of model calls/);
        assert.match(pull.body, /git fetch origin regreen\//);
        const metrics = await lab.daemon.metrics();
        assert.match(metrics, /regreen_agent_rounds_total{agent="robot",kind="[a-z]+",outcome="finished"} 1/);
        assert.match(metrics, new RegExp(`regreen_agent_tokens_total{agent="robot",direction="written"} ${50 * calls}`));
        const {stdout: log} = await lab.daemon.command('task', 'log', task.id, '--json');
        const events = log.trim().split('\n').map((line) => JSON.parse(line));
        assert.deepEqual(events.filter(({kind}) => ['tool-call', 'message', 'end'].includes(kind)).map(({kind}) => kind),
          ['tool-call', 'message', 'end']);
        assert.deepEqual(model.strange, [], 'nothing else was asked of the model');
      })));
    }
  }
});
