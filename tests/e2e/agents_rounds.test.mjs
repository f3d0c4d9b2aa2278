// Two rounds: what became of the first is told, and the second does better.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {agentNames, agentsMissing, labOf, projects, promptOf, useAgent, withModel} from './lab/agents.mjs';
import {inLab} from './lab/lab.mjs';
import {git} from './lab/samples.mjs';

const skip = agentsMissing();
if (skip) console.log(`SKIPPED: the agents are not here: ${skip}`);

const isRepaired = (lab, [file, text]) => {
  const [pull] = lab.github.pulls;
  assert.match(git(lab.github.gitFolder('acme/widget'), 'show', `${pull.head}:${file}`), text);
};

describe('two rounds', {skip, concurrency: 2}, () => {
  for (const name of agentNames) {
    test(`${name}: a wrong patch is told of, and the next one is right`, inLab(labOf(projects.js), withModel(async (lab, model) => {
      const project = projects.js;
      model.use((turn) => [{shell: project.wrong}, {say: 'Repaired.'}, {shell: project.right}, {say: 'Now it is.'}][turn]);
      useAgent(lab, name, model);
      await lab.daemon.start();
      await lab.deliverRun(lab.failedRun({log: project.log}));
      await lab.taskIn('watching', {seconds: 150});
      isRepaired(lab, project.fixed);
      const asked = model.requests.filter((request) => !request.aside);
      assert.doesNotMatch(promptOf(asked[0]), /Round 1/);
      assert.match(promptOf(asked[2]), /Round 1, which did not repair it/);
      assert.match(promptOf(asked[2]), /width - height/, 'its patch');
      assert.match(promptOf(asked[2]), /actual: -1/, 'and what the check said to it');
    })));
    test(`${name}: a patch that cheats is refused, and an honest one is taken`, inLab(labOf(projects.js), withModel(async (lab, model) => {
      const project = projects.js;
      model.use((turn) => [{shell: "sed -i 's/test(/test.skip(/' area.test.js"}, {say: 'Green.'}, {shell: project.right},
        {say: 'Repaired.'}][turn]);
      useAgent(lab, name, model);
      await lab.daemon.start();
      await lab.deliverRun(lab.failedRun({log: project.log}));
      const task = await lab.taskIn('watching', {seconds: 150});
      isRepaired(lab, project.fixed);
      const asked = model.requests.filter((request) => !request.aside);
      assert.match(promptOf(asked[2]), /skip/, 'why it was refused');
      const shown = await lab.daemon.command('task', 'show', task.id);
      assert.match(shown.stdout, /refused by/);
    })));
  }
});
