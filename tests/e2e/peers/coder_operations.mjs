// What the stand-in for Coder answers, by the operation's id in Coder's own description.
import {randomUUID} from 'node:crypto';

import {agentLogDocument, buildDocument, ids, logDocument, organizationDocument, parameterDocument, presetDocument,
  templateDocument, userDocument, workspaceDocument} from './coder_documents.mjs';

const ok = (body) => ({status: 200, body});
const created = (body) => ({status: 201, body});
const error = (status, message, more = {}) => ({status, body: {message, ...more}});
const notFound = () => error(404, 'Resource not found or you do not have access to this resource');
const refused = (validations) => error(400, 'Validation failed.', {validations});

const namePattern = /^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$/;

// coderd's own checks, beyond what the description says.
function problemsOf(coder, body) {
  const problems = [];
  if (body.name.length > 32 || !namePattern.test(body.name)) {
    problems.push({field: 'name', detail: 'Validation failed for tag "workspace_name"'});
  }
  if (body.template_version_id !== ids.version || body.template_id !== undefined) {
    problems.push({field: 'template_version_id', detail: 'template version not found'});
  }
  if (body.ttl_ms !== undefined && body.ttl_ms < 60_000) problems.push({field: 'ttl_ms', detail: 'ttl must be at least one minute'});
  if (body.template_version_preset_id && body.template_version_preset_id !== ids.preset) {
    problems.push({field: 'template_version_preset_id', detail: 'preset not found'});
  }
  const given = new Map((body.rich_parameter_values ?? []).map(({name, value}) => [name, value]));
  for (const name of given.keys()) {
    if (!coder.template.parameters.some((p) => p.name === name)) problems.push({field: name, detail: 'unknown parameter'});
  }
  for (const {name, default: standard} of coder.template.parameters) {
    const preset = body.template_version_preset_id ? coder.template.preset.parameters : {};
    if (standard === undefined && !given.has(name) && !(name in preset)) problems.push({field: name, detail: 'parameter value is required'});
  }
  return problems;
}

function newBuild(workspace, transition) {
  const build = {id: randomUUID(), jobId: randomUUID(), number: workspace.builds.length + 1, transition, job: 'pending', error: ''};
  workspace.builds.push(build);
  return build;
}

function createWorkspace(coder, {body}) {
  const problems = problemsOf(coder, body);
  if (problems.length) return refused(problems);
  if (coder.byName(body.name)) {
    return error(409, `Workspace "${body.name}" already exists.`,
      {validations: [{field: 'name', detail: 'This value is already in use and should be unique.'}]});
  }
  const workspace = {
    id: randomUUID(), name: body.name, resource: randomUUID(), created: Date.now(), ttl: body.ttl_ms, builds: [],
    parameters: body.rich_parameter_values ?? [], preset: body.template_version_preset_id,
    agent: {id: randomUUID(), status: 'connecting', lifecycle: 'created', reason: ''},
  };
  coder.workspaces.push(workspace);
  newBuild(workspace, 'start');
  return created(workspaceDocument(coder, workspace));
}

function createBuild(coder, {params, body}) {
  const workspace = coder.byId(params.workspace);
  if (!workspace) return notFound();
  if (['pending', 'running', 'canceling'].includes(workspace.builds.at(-1).job)) {
    return error(409, 'A workspace build is already active.');
  }
  return created(buildDocument(coder, workspace, newBuild(workspace, body.transition)));
}

function cancelBuild(coder, {params}) {
  const workspace = coder.workspaces.find((w) => w.builds.some((b) => b.id === params.workspacebuild));
  if (!workspace) return notFound();
  const build = workspace.builds.find((b) => b.id === params.workspacebuild);
  if (!coder.template.mayCancel) return error(403, 'User is not allowed to cancel workspace builds. Owner role is required.');
  if (!['pending', 'running'].includes(build.job)) return error(400, 'Job has already completed!');
  build.job = build.job === 'pending' ? 'canceled' : 'canceling';
  build.error = 'canceled';
  return ok({message: 'Job has been marked as canceled...'});
}

function workspaceAnswer(coder, workspace) {
  if (!workspace) return notFound();
  coder.advance(workspace);
  if (workspace.gone) return error(410, `Workspace "${workspace.id}" was deleted, you can view this workspace by specifying '?deleted=true' and trying again.`);
  return ok(workspaceDocument(coder, workspace));
}

// `owner:me name:x`, as coderd's search takes it: any other key is refused.
function listWorkspaces(coder, {query}) {
  const filters = {};
  for (const word of (query.get('q') ?? '').split(' ').filter(Boolean)) {
    const [key, value] = word.split(':');
    if (!['owner', 'name'].includes(key)) return refused([{field: 'q', detail: `"${key}" is not a valid query param`}]);
    filters[key] = value;
  }
  const found = coder.workspaces.filter((w) => !w.gone && w.name.includes(filters.name ?? '') &&
    (filters.owner !== 'me' || (w.owner ?? coder.user) === coder.user));
  const offset = Number(query.get('offset') ?? 0), limit = Number(query.get('limit') ?? 25);
  return ok({count: found.length, workspaces: found.slice(offset, offset + limit).map((w) => workspaceDocument(coder, w))});
}

function logs(lines, workspace, document) {
  return workspace ? ok(lines.map((line, i) => document(line, i + 1, workspace))) : notFound();
}

export const coderOperations = {
  'get-user-by-name': (coder) => ok(userDocument(coder)),
  'get-organizations-by-user': (coder) => ok([organizationDocument(coder)]),
  'get-templates-by-organization-and-template-name': (coder, {params}) =>
    params.organization === ids.organization && params.templatename === coder.template.name
      ? ok(templateDocument(coder)) : notFound(),
  'get-template-version-presets': (coder) => ok([presetDocument(coder.template.preset)]),
  'get-rich-parameters-by-template-version': (coder) => ok(coder.template.parameters.map(parameterDocument)),
  'create-user-workspace': createWorkspace,
  'get-workspace-metadata-by-user-and-workspace-name': (coder, {params}) =>
    workspaceAnswer(coder, coder.byName(params.workspacename)),
  'get-workspace-metadata-by-id': (coder, {params}) => workspaceAnswer(coder, coder.everById(params.workspace)),
  'list-workspaces': listWorkspaces,
  'create-workspace-build': createBuild,
  'cancel-workspace-build': cancelBuild,
  'get-workspace-build-logs': (coder, {params}) => logs(coder.buildLog,
    coder.workspaces.find((w) => w.builds.some((b) => b.id === params.workspacebuild)), logDocument),
  'get-logs-by-workspace-agent': (coder, {params}) => logs(coder.agentLog,
    coder.workspaces.find((w) => w.agent.id === params.workspaceagent), agentLogDocument),
};
