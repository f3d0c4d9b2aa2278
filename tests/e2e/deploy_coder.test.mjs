// The Coder template as Terraform reads it: parsed by HashiCorp's own HCL parser, and held against what its
// README and the configuration of regreen promise. Terraform itself and its providers are not here: that
// their arguments are written as they are documented is looked at in the list below.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const {parse} = createRequire(import.meta.url)('@cdktn/hcl2json');
const file = fileURLToPath(new URL('../../deploy/coder/main.tf', import.meta.url));
const text = readFileSync(file, 'utf8');
const template = await parse('main.tf', text);
const [container] = template.resource.docker_container.workspace;
const [agent] = template.resource.coder_agent.main;

// Arguments and blocks that are used here, by the documentation of coder/coder and kreuzwerker/docker.
const documented = {
  docker_container: ['count', 'image', 'name', 'hostname', 'entrypoint', 'env', 'host', 'network_mode', 'privileged', 'init',
    'security_opts', 'capabilities', 'cpus', 'memory', 'memory_swap', 'ulimit', 'labels'],
  docker_image: ['name', 'keep_locally'],
  coder_agent: ['arch', 'os', 'startup_script_behavior', 'startup_script', 'connection_timeout', 'env', 'display_apps'],
  coder_parameter: ['name', 'display_name', 'description', 'type', 'default', 'mutable', 'order', 'validation'],
  coder_workspace_preset: ['name', 'parameters'],
  coder_workspace: [], coder_workspace_owner: [], coder_provisioner: [],
};

test('every argument is one that its provider documents', () => {
  for (const [kind, named] of Object.entries({...template.resource, ...template.data})) {
    assert.ok(kind in documented, `${kind} is used, and not in the list of this test`);
    for (const [name, blocks] of Object.entries(named)) {
      for (const key of blocks.flatMap(Object.keys)) assert.ok(documented[kind].includes(key), `${kind}.${name}: ${key}`);
    }
  }
  assert.deepEqual(Object.keys(template.terraform[0].required_providers[0]).sort(), ['coder', 'docker']);
});

test('every reference leads to something', () => {
  const known = new Set();
  for (const [kind, named] of Object.entries(template.resource)) for (const name in named) known.add(`${kind}.${name}`);
  for (const [kind, named] of Object.entries(template.data)) for (const name in named) known.add(`data.${kind}.${name}`);
  for (const name in template.variable) known.add(`var.${name}`);
  const used = text.replace(/#.*$/gm, '').match(/\b(data\.coder_\w+\.\w+|var\.\w+|(?:coder_agent|docker_image)\.\w+)/g);
  assert.ok(used.length > 15);
  for (const reference of used) assert.ok(known.has(reference), `${reference} is not there`);
});

test('its parameters have values, so that a configuration need name none', () => {
  const parameters = Object.values(template.data.coder_parameter).map(([p]) => p);
  assert.deepEqual(parameters.map((p) => p.name).sort(), ['cpu', 'image', 'memory', 'processes']);
  for (const {name, default: value} of parameters) assert.notEqual(value, undefined, `${name} has no default`);
  for (const [{parameters: given}] of Object.values(template.data.coder_workspace_preset)) {
    for (const key of Object.keys(given)) assert.match(key, /coder_parameter\.(cpu|memory)\.name/);
  }
});

test('the workspace is bounded, drops what it does not need, and keeps nothing', () => {
  for (const key of ['cpus', 'memory', 'memory_swap']) assert.match(container[key], /coder_parameter/, key);
  assert.equal(container.memory, container.memory_swap);
  assert.deepEqual(container.capabilities[0].drop, ['ALL']);
  assert.deepEqual(container.security_opts, ['no-new-privileges:true']);
  assert.equal(container.privileged, false);
  assert.deepEqual(container.ulimit.map((u) => u.name).sort(), ['core', 'nofile', 'nproc']);
  for (const way of ['volumes', 'mounts', 'devices', 'pid_mode', 'ipc_mode', 'upload']) assert.equal(container[way], undefined, way);
  assert.equal(template.resource.docker_volume, undefined);
  assert.match(container.count, /start_count/, 'it must go when the workspace stops');
  assert.doesNotMatch(text.replace(/#.*$/gm, ''), /docker\.sock/);
});

test('it holds no credential but the agent\'s own', () => {
  assert.deepEqual(container.env, ['CODER_AGENT_TOKEN=${coder_agent.main.token}']);
  assert.doesNotMatch(text, /session_token|coder_external_auth|coder_git_auth|oidc_access_token|ssh_private_key/);
  assert.equal(template.variable.model_env[0].sensitive, true);
  assert.deepEqual(JSON.parse(template.variable.model_env[0].default), {});
  assert.match(agent.env, /jsondecode\(var\.model_env\)/);
});

test('regreen waits for its start, which looks for the tools that are needed', () => {
  assert.equal(agent.startup_script_behavior, 'blocking');
  for (const tool of ['tar', 'find', 'xargs', 'stat', 'git']) assert.match(agent.startup_script, new RegExp(`\\b${tool}\\b`));
});
