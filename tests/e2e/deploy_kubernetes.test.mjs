// The manifests as a YAML parser reads them, held against what their README promises. There is no cluster here.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

import * as yaml from 'js-yaml';

const folder = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const read = (name) => readFileSync(join(folder, name), 'utf8');
const all = (name) => yaml.loadAll(read(name));
const find = (objects, kind, name) => {
  const found = objects.find((object) => object.kind === kind && (!name || object.metadata.name === name));
  assert.ok(found, `there is no ${kind} ${name ?? ''}`);
  return found;
};

const pod = yaml.load(read('sandbox-pod.yaml').replaceAll('{name}', 'regreen-1').replaceAll('{image}', 'builder:1')
  .replaceAll('{cpu}', '2').replaceAll('{memory_mib}', '4096'));
const daemon = all('daemon.yaml');
const workspaces = all('workspaces.yaml');

test('a workspace has no token, no root, no capability, and limits of everything', () => {
  const {spec} = pod;
  assert.equal(spec.automountServiceAccountToken, false);
  assert.equal(spec.serviceAccountName, undefined);
  assert.equal(spec.securityContext.runAsNonRoot, true);
  assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault');
  for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'shareProcessNamespace']) assert.equal(spec[key], false, key);
  assert.ok(spec.activeDeadlineSeconds > 0);
  const [container] = spec.containers;
  assert.deepEqual(container.securityContext, {allowPrivilegeEscalation: false, privileged: false,
    readOnlyRootFilesystem: true, capabilities: {drop: ['ALL']}});
  assert.deepEqual(container.resources.limits, {cpu: '2', memory: '4096Mi', 'ephemeral-storage': '20Gi'});
  for (const volume of spec.volumes) assert.ok(volume.emptyDir.sizeLimit, volume.name);
  assert.equal(container.envFrom, undefined);
});

test('the daemon asks for its pods by the label and the namespace that the manifest has', () => {
  assert.equal(pod.metadata.labels['app.kubernetes.io/name'], 'regreen-workspace');
  assert.match(read('config.toml'), new RegExp(`--namespace=${pod.metadata.namespace}`));
  // What is not filled in would be taken for a name.
  const placeholders = new Set([...read('sandbox-pod.yaml').replace(/^#.*$/gm, '').matchAll(/\{([a-z_]+)\}/g)].map((match) => match[1]));
  assert.deepEqual([...placeholders].sort(), ['cpu', 'image', 'memory_mib', 'name']);
});

test('nothing goes into a workspace or out of it', () => {
  const policy = find(workspaces, 'NetworkPolicy');
  assert.equal(policy.metadata.namespace, pod.metadata.namespace);
  assert.deepEqual(policy.spec, {podSelector: {}, policyTypes: ['Ingress', 'Egress']});
  find(workspaces, 'ResourceQuota');
  find(workspaces, 'LimitRange');
  assert.equal(find(workspaces, 'ServiceAccount', 'default').automountServiceAccountToken, false);
});

test('the daemon may make, reach and remove pods there, and nothing else', () => {
  const role = find(daemon, 'Role');
  assert.equal(role.metadata.namespace, pod.metadata.namespace);
  assert.deepEqual(role.rules.flatMap((rule) => rule.resources).sort(), ['pods', 'pods/exec']);
  for (const rule of role.rules) assert.ok(!rule.verbs.includes('*'));
  assert.ok(!daemon.some((object) => object.kind.startsWith('Cluster')));
  const {template} = find(daemon, 'StatefulSet').spec;
  assert.equal(template.spec.securityContext.runAsNonRoot, true);
  assert.equal(template.spec.containers[0].securityContext.readOnlyRootFilesystem, true);
  assert.deepEqual(template.spec.containers[0].securityContext.capabilities, {drop: ['ALL']});
});

test('what is mounted, named and probed is there', () => {
  const {template, volumeClaimTemplates} = find(daemon, 'StatefulSet').spec;
  const volumes = [...template.spec.volumes, ...volumeClaimTemplates.map(({metadata}) => metadata)].map(({name}) => name);
  const [container] = template.spec.containers;
  for (const mount of container.volumeMounts) assert.ok(volumes.includes(mount.name), mount.name);
  const ports = container.ports.map(({name}) => name);
  for (const probe of ['readinessProbe', 'livenessProbe']) assert.ok(ports.includes(container[probe].httpGet.port));
  assert.ok(ports.includes(find(daemon, 'Service').spec.ports[0].targetPort));
});

test('the configuration is one that regreen takes', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'regreen-e2e-'));
  // Of what is in the image, only the policies are looked at when a configuration is checked.
  const file = join(scratch, 'config.toml');
  writeFileSync(file, read('config.toml').replace('/usr/local/share/regreen/policies', fileURLToPath(new URL('../../policies', import.meta.url))));
  const checked = spawnSync(process.env.REGREEN, ['check', '--config', file], {encoding: 'utf8'});
  assert.equal(checked.status, 0, checked.stdout + checked.stderr);
});
