// Coder's own API description (Swagger 2.0, coderd/apidoc/swagger.json of coder/coder), reduced to the
// operations that the stand-in models and written as OpenAPI 3. It is not part of this repository: it is
// read from REGREEN_SHARED or ../shared, and what needs it skips where it is not.
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';

import {Description} from './description.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const file = join(process.env.REGREEN_SHARED ?? join(root, '..', 'shared'), 'data', 'coder-swagger.json');

// Why the stand-in cannot run here; undefined when it can.
export function coderIsMissing() {
  return existsSync(file) ? undefined : `Coder's API description is not there (${file})`;
}

// Paths that the stand-in answers. A request to any other path is a violation.
const operations = [
  ['get', '/api/v2/users/{user}'],
  ['get', '/api/v2/users/{user}/organizations'],
  ['get', '/api/v2/organizations/{organization}/templates/{templatename}'],
  ['get', '/api/v2/templateversions/{templateversion}/presets'],
  ['get', '/api/v2/templateversions/{templateversion}/rich-parameters'],
  ['post', '/api/v2/users/{user}/workspaces'],
  ['get', '/api/v2/users/{user}/workspace/{workspacename}'],
  ['get', '/api/v2/workspaces'],
  ['get', '/api/v2/workspaces/{workspace}'],
  ['post', '/api/v2/workspaces/{workspace}/builds'],
  ['patch', '/api/v2/workspacebuilds/{workspacebuild}/cancel'],
  ['get', '/api/v2/workspacebuilds/{workspacebuild}/logs'],
  ['get', '/api/v2/workspaceagents/{workspaceagent}/logs'],
];

// Where the description does not say what the server does: both creations answer 201, and a preset's keys
// are written with a capital.
const created = new Set(['create-user-workspace', 'create-workspace-build']);

function correct(definitions) {
  const preset = definitions['codersdk.Preset'].properties;
  definitions['codersdk.Preset'] = {
    type: 'object', additionalProperties: false, required: ['ID', 'Name', 'Parameters', 'Default'],
    properties: {
      ID: preset.id, Name: preset.name, Parameters: preset.parameters, Default: preset.default,
      Description: preset.description, Icon: preset.icon, DesiredPrebuildInstances: preset.desiredPrebuildInstances,
    },
  };
  const parameter = definitions['codersdk.PresetParameter'].properties;
  definitions['codersdk.PresetParameter'] = {
    type: 'object', additionalProperties: false, properties: {Name: parameter.name, Value: parameter.value},
  };
  // The server leaves out what it does not know; here that is a mistake of ours.
  for (const request of ['CreateWorkspaceRequest', 'CreateWorkspaceBuildRequest', 'WorkspaceBuildParameter']) {
    definitions[`codersdk.${request}`].additionalProperties = false;
  }
}

const rewritten = (node) => JSON.parse(JSON.stringify(node).replaceAll('"#/definitions/', '"#/components/schemas/'));
const content = (schema) => ({'application/json': {schema}});

function operationOf(old) {
  const made = {operationId: old.operationId, parameters: [], responses: {}};
  for (const {name, in: place, required, schema, type, format, enum: values} of old.parameters ?? []) {
    if (place === 'body') made.requestBody = {required: true, content: content(schema)};
    else made.parameters.push({name, in: place, required: required ?? false, schema: {type, format, enum: values}});
  }
  for (const [status, {description, schema}] of Object.entries(old.responses)) {
    const real = created.has(old.operationId) && status === '200' ? '201' : status;
    made.responses[real] = schema ? {description, content: content(schema)} : {description};
  }
  return made;
}

export async function coderDescription() {
  const swagger = JSON.parse(readFileSync(file, 'utf8'));
  correct(swagger.definitions);
  const document = {openapi: '3.0.3', info: swagger.info, paths: {}, components: {schemas: {}}};
  const take = (node) => {
    for (const [, name] of JSON.stringify(node).matchAll(/"#\/definitions\/([^"]+)"/g)) {
      if (name in document.components.schemas) continue;
      document.components.schemas[name] = rewritten(swagger.definitions[name]);
      take(swagger.definitions[name]);
    }
  };
  for (const [method, path] of operations) {
    const old = swagger.paths[path]?.[method];
    if (!old) throw new Error(`Coder's API description has no ${method} ${path}`);
    document.paths[path] = {...document.paths[path], [method]: rewritten(operationOf(old))};
    take(old);
  }
  return Description.of(document, {uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'date-time': /^\d{4}-\d\d-\d\dT.*Z$/});
}
