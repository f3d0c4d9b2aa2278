// Agents of the Agent Client Protocol that are scripts: one that keeps to it, and hostile ones. They need no npm.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {labOf, projects, useAgent, withModel} from './lab/agents.mjs';
import {inLab} from './lab/lab.mjs';

const project = projects.js;
const say = (message) => `echo '${JSON.stringify({jsonrpc: '2.0', ...message})}'\n`;

// Answers the client's first lines; `work` is what it does when it is asked to.
const script = (work) => `read -r line
${say({id: 1, result: {protocolVersion: 1}})}read -r line
${say({id: 2, result: {sessionId: 's'}})}read -r line
${work}`;
const end = say({id: 4, result: {stopReason: 'end_turn'}});
const repair = "sed -i 's/width + height/width * height/' area.js\n";

const agents = [
  ['keeps to it', `${repair}${end}cat >/dev/null`, 'watching', /proven/],
  ['stays after its end, and listens to no signal', `trap '' INT TERM\n${repair}${end}while :; do sleep 1; done`, 'watching', /proven/],
  ['prints what is no JSON, without end', "yes '{\"jsonrpc\": nonsense'", 'failed', /timed-out: was still at work/],
  ['prints one endless line', "tr '\\0' x < /dev/zero", 'failed', /timed-out: was still at work/],
  ['asks for files of the machine', `${say({id: 9, method: 'fs/read_text_file', params: {path: '/etc/shadow'}})}read -r line
printf '%s\n' "$line" > answer.txt\n${end}`, 'failed', /still red/],
  ['says nothing', 'sleep 1000', 'failed', /timed-out: told nothing for 3s/],
  ['ends without a word', 'exit 0', 'failed', /failed: crashed: ended with exit code 0 and no word of how/],
  ['speaks another version', '', 'failed', /failed: could not work: it speaks version 7/, say({id: 1, result: {protocolVersion: 7}})],
];

describe('an agent of the protocol that', {concurrency: 2}, () => {
  for (const [what, work, state, says, instead] of agents) {
    const files = {'agent.sh': instead ? `read -r line\n${instead}cat >/dev/null\n` : script(work)};
    test(what, inLab(labOf(project, {readOnly: false, files}), withModel(async (lab, model) => {
      useAgent(lab, 'opencode', model, {rounds: 1, command: 'sh agent.sh', agent: 'silence = "3s"', step: 'timeout = "6s"'});
      await lab.daemon.start();
      await lab.deliverRun(lab.failedRun({log: project.log}));
      const task = await lab.taskIn(state, {seconds: 100});
      const {stdout: shown} = await lab.daemon.command('task', 'show', task.id);
      assert.match(shown, says);
      const {stdout: diff} = await lab.daemon.command('task', 'diff', task.id);
      assert.doesNotMatch(diff, /root:/, 'the client gives no file of the machine');
    })));
  }
});
