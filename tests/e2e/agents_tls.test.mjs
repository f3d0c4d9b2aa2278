// The model is called by TLS, and only when its certificate is of an authority that the operator named.
import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {appendFileSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';

import {agentsMissing, labOf, projects, useAgent} from './lab/agents.mjs';
import {inLab} from './lab/lab.mjs';
import {startModel} from './lab/model.mjs';

const skip = agentsMissing();
if (skip) console.log(`SKIPPED: the agents are not here: ${skip}`);

function makeCertificate(folder) {
  const [key, cert] = [join(folder, 'model.key'), join(folder, 'model.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key,
    '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
  {stdio: 'ignore'});
  return {key: readFileSync(key), cert: readFileSync(cert), file: cert};
}

for (const trusted of [true, false]) {
  test(`a certificate of ${trusted ? 'the operator\'s own authority is taken' : 'another authority is not'}`, {skip},
    inLab(labOf(projects.js), async (lab) => {
      const tls = makeCertificate(lab.folder);
      const project = projects.js;
      const model = await startModel((turn) => turn === 0 ? {shell: project.right} : {say: 'Repaired.'}, {tls});
      try {
        useAgent(lab, 'codex', model, {rounds: 1});
        if (trusted) appendFileSync(lab.config, `\n[http]\nca_file = "${tls.file}"\n`);
        await lab.daemon.start();
        await lab.deliverRun(lab.failedRun({log: project.log}));
        const task = await lab.taskIn(trusted ? 'watching' : 'failed', {seconds: 100});
        const {stdout: shown} = await lab.daemon.command('task', 'show', task.id);
        if (!trusted) assert.match(shown, /failed: lost its model/);
        assert.equal(model.requests.length, trusted ? 2 : 0, 'nothing is said to a stranger');
      } finally {
        await model.stop();
      }
    }));
}
