// GitHub's own API description (npm @octokit/openapi), reduced to the operations that the stand-in
// models, so that it loads in a fraction of a second. The reduction is kept beside the packages.
import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';

import {OpenAPIBackend} from 'openapi-backend';

const require = createRequire(import.meta.url);
const packageJson = require.resolve('@octokit/openapi/package.json');
const source = join(dirname(packageJson), 'generated', 'api.github.com.json');
const cacheFolder = join(dirname(packageJson), '..', '..', '.cache');

// Paths that the stand-in answers. A request to any other path is a violation.
const repo = '/repos/{owner}/{repo}';
const paths = [
  repo,
  `${repo}/actions/runs`,
  `${repo}/actions/runs/{run_id}`,
  `${repo}/actions/runs/{run_id}/jobs`,
  `${repo}/actions/runs/{run_id}/rerun-failed-jobs`,
  `${repo}/actions/runs/{run_id}/attempts/{attempt_number}`,
  `${repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs`,
  `${repo}/actions/jobs/{job_id}`,
  `${repo}/actions/jobs/{job_id}/logs`,
  `${repo}/branches/{branch}`,
  `${repo}/check-runs/{check_run_id}/annotations`,
  `${repo}/collaborators/{username}/permission`,
  `${repo}/commits/{commit_sha}/comments`,
  `${repo}/commits/{commit_sha}/pulls`,
  `${repo}/commits/{ref}/check-runs`,
  `${repo}/commits/{ref}/status`,
  `${repo}/git/ref/{ref}`,
  `${repo}/hooks`,
  `${repo}/git/refs/{ref}`,
  `${repo}/installation`,
  '/app/installations/{installation_id}/access_tokens',
  `${repo}/issues`,
  `${repo}/issues/comments/{comment_id}/reactions`,
  `${repo}/issues/{issue_number}`,
  `${repo}/issues/{issue_number}/comments`,
  `${repo}/issues/{issue_number}/labels`,
  `${repo}/pulls`,
  `${repo}/pulls/{pull_number}`,
  `${repo}/pulls/{pull_number}/merge`,
];

// ajv wants a type beside `nullable`; the description leaves it out in a few unions.
function patchNullable(schema) {
  if (!schema.nullable || schema.type) return;
  delete schema.nullable;
  const union = schema.anyOf ?? schema.oneOf;
  if (union) union.push({type: 'null'});
  else if (schema.enum && !schema.enum.includes(null)) schema.enum.push(null);
  else if (schema.allOf) {
    const all = schema.allOf;
    delete schema.allOf;
    schema.anyOf = [{allOf: all}, {type: 'null'}];
  }
}

function reduce(full) {
  const reduced = {
    openapi: full.openapi, info: full.info, paths: {}, components: {},
  };
  const take = (node) => {
    if (Array.isArray(node)) {
      for (const item of node) take(item);
      return;
    }
    if (node === null || typeof node !== 'object') return;
    if (typeof node.$ref === 'string') {
      const [, , kind, name] = node.$ref.split('/');
      reduced.components[kind] ??= {};
      if (!(name in reduced.components[kind])) {
        reduced.components[kind][name] = full.components[kind][name];
        take(full.components[kind][name]);
      }
      return;
    }
    for (const value of Object.values(node)) take(value);
    patchNullable(node);
  };
  for (const path of paths) {
    if (!full.paths[path]) throw new Error(`the API description has no ${path}`);
    reduced.paths[path] = full.paths[path];
    take(full.paths[path]);
  }
  return reduced;
}

function load() {
  const version = JSON.parse(readFileSync(packageJson, 'utf8')).version;
  const cached = join(cacheFolder, `github-${version}-${paths.length}.json`);
  try {
    return JSON.parse(readFileSync(cached, 'utf8'));
  } catch {
    const reduced = reduce(JSON.parse(readFileSync(source, 'utf8')));
    mkdirSync(cacheFolder, {recursive: true});
    // Tests run side by side: a reader must never see half a file.
    const partial = `${cached}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(reduced));
    renameSync(partial, cached);
    return reduced;
  }
}

export class Description {
  static load() { return Description.of(load()); }

  // Of a document of OpenAPI 3. `formats`: those that are looked at, as ajv takes them.
  static async of(document, formats = {}) {
    const api = new OpenAPIBackend({
      definition: structuredClone(document),
      quick: true,
      validate: true,
      ajvOpts: {strict: false, allErrors: true, logger: false, formats: {
        uri: true, 'date-time': true, email: true, binary: true, int64: true, timestamp: true,
        'repo.nwo': true, hostname: true, ipv4: true, ipv6: true, date: true, uuid: true, ...formats,
      }},
    });
    await api.init();
    return new Description(document, api);
  }

  constructor(document, api) {
    this.examples = document.components.examples ?? {};
    this.api = api;
  }

  // A deep copy of one of GitHub's own examples, to be made into an answer.
  example(name) {
    const found = this.examples[name];
    if (!found) throw new Error(`the API description has no example named ${name}`);
    return structuredClone(found.value);
  }

  // The operation of a request and what is wrong with the request, by GitHub's own words.
  matchRequest(request) {
    const operation = this.api.matchOperation(request);
    if (!operation) return {problems: [`no operation ${request.method} ${request.path}`]};
    const result = this.api.validateRequest(request, operation);
    return {
      operation: operation.operationId,
      params: this.api.router.parseRequest(request, operation).params,
      problems: (result.errors ?? []).map((e) => `${e.instancePath} ${e.message}`),
    };
  }

  answerProblems(operation, status, body) {
    const result = this.api.validateResponse(body, operation, status);
    return (result.errors ?? []).map((e) => `${e.instancePath} ${e.message}`);
  }
}
