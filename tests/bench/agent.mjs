// What regreen adds around an agent, and what sixteen of them at a time take of the daemon's own memory. The agents are
// shell commands with a model of their own (so that the broker is there), and cost no time themselves.
import {appendFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';

import {inLab} from '../e2e/lab/lab.mjs';
import {startModel} from '../e2e/lab/model.mjs';
import {actionsLog, commitTo, makePolicies, staleTable} from '../e2e/lab/samples.mjs';
import {until} from '../e2e/lab/wait.mjs';

const rounds = Number(process.env.ROUNDS ?? 7), atOnce = 16;

function useAgents(lab, model, command) {
  makePolicies(join(lab.folder, 'policies'), {robot: `
name = "robot"
title = "Ask"
stage = "shadow"
[match]
branch = ["*", "*/*"]
[[step]]
name = "robot"
agent = "robot"
prompt = "prompts/robot.md"
[verify]
command = "test -e repaired"
`});
  mkdirSync(join(lab.folder, 'policies/prompts'), {recursive: true});
  writeFileSync(join(lab.folder, 'policies/prompts/robot.md'), 'Repair it.\n');
  writeFileSync(join(lab.folder, 'model-key'), 'a-key-of-the-bench');
  appendFileSync(lab.config, `
[network.brain]
kind = "model"
upstream = "${model.url}"
paths = "POST /v1/messages"
key = "file:${lab.folder}/model-key"
[agent.robot]
kind = "command"
network = "brain"
command = "${command}"
`);
}

const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
const memory = (pid) => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024;
};

await inLab({files: staleTable, templates: {}}, async (lab) => {
  const model = await startModel(() => ({say: 'x'}));
  useAgents(lab, model, 'echo x > repaired');
  await lab.daemon.start();
  const spent = [];
  for (let i = 0; i < rounds; ++i) {
    const branch = `b${i}`;
    const commit = commitTo(lab.remotes, 'acme/widget', {[`f${i}.txt`]: `${i}`}, `Change ${i}`, branch);
    await lab.deliverRun(lab.failedRun({branch, commit, log: actionsLog().replaceAll('table.txt', `t${i}.txt`)}));
    await lab.tasksWhen('it is shadowed', (tasks) => tasks.length === i + 1 && tasks.every((t) => t.state === 'shadowed'));
    const shown = await lab.daemon.json('task', 'show', (await lab.daemon.tasks())[0].id);
    const at = (kind) => Date.parse(shown.timeline.find((entry) => entry.kind === kind).at);
    spent.push(at('verified') - at('reproduced'));
  }
  console.log(`around an agent (workspace, broker, capture, guard, verification): median ${median(spent)} ms of ${rounds} (goal: 300)`);
  await model.stop();
})({});

await inLab({files: staleTable, templates: {}, config: {workers: atOnce}}, async (lab) => {
  const model = await startModel(() => ({say: 'x'}));
  useAgents(lab, model, 'touch working; for i in $(seq 2000); do echo $i a line of what it does, as long as lines of logs are; done; while [ ! -e /nowhere ]; do sleep 1; done');
  await lab.daemon.start();
  const before = memory(lab.daemon.child.pid);
  for (let i = 0; i < atOnce; ++i) {
    const branch = `b${i}`;
    const commit = commitTo(lab.remotes, 'acme/widget', {[`f${i}.txt`]: `${i}`}, `Change ${i}`, branch);
    await lab.deliverRun(lab.failedRun({branch, commit, log: actionsLog().replaceAll('table.txt', `t${i}.txt`)}));
  }
  let peak = before;
  await until('all are at work', async () => {
    peak = Math.max(peak, memory(lab.daemon.child.pid));
    const reproduced = lab.daemon.lines().filter((line) => line.kind === 'reproduced').length;
    return reproduced === atOnce;
  });
  const tasks = await lab.daemon.tasks();
  await until('what each of them printed is kept', async () => {
    peak = Math.max(peak, memory(lab.daemon.child.pid));
    for (const {id} of tasks) {
      const {stdout} = await lab.daemon.command('task', 'log', id);
      if (!/^2000 a line of what it does/m.test(stdout)) return false;
    }
    return true;
  });
  peak = Math.max(peak, memory(lab.daemon.child.pid));
  console.log(`${atOnce} agents at a time: ${(peak - before).toFixed(1)} MB more of the daemon's own memory, ${peak.toFixed(1)} MB in all (goal: 100)`);
  await model.stop();
})({});
