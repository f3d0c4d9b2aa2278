// Git's smart HTTP protocol with basic authentication: a bridge to `git http-backend`, the CGI program
// that git ships.
import {execFileSync, spawn} from 'node:child_process';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';

import {serve} from './http.mjs';

const backend = join(execFileSync('git', ['--exec-path'], {encoding: 'utf8'}).trim(), 'git-http-backend');

function cgiEnvironment(root, user, request, url, length) {
  return {
    PATH: process.env.PATH,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    CONTENT_LENGTH: String(length),
    GIT_PROTOCOL: request.headers['git-protocol'] ?? '',
    REMOTE_USER: user,
    REMOTE_ADDR: '127.0.0.1',
  };
}

function answer(output, response) {
  const end = output.indexOf('\r\n\r\n');
  let status = 200;
  const headers = {};
  for (const line of output.subarray(0, end).toString().split('\r\n')) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon), value = line.slice(colon + 1).trim();
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  response.writeHead(status, headers);
  response.end(output.subarray(end + 4));
}

// Bare repositories <root>/<owner>/<name>.git. `onProblem` hears of wrong credentials.
export function serveGit({root, user, password, onProblem}) {
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return serve(async (request, response, rawBody) => {
    const authorization = request.headers.authorization;
    if (authorization !== wanted) {
      // The first request of a client may come without: that is how the protocol asks.
      if (authorization) onProblem(`git over HTTP with wrong credentials: ${request.url}`);
      response.writeHead(401, {'WWW-Authenticate': 'Basic realm="git"'});
      response.end();
      return;
    }
    const gzipped = request.headers['content-encoding'] === 'gzip';
    const body = gzipped ? gunzipSync(rawBody) : rawBody;
    const url = new URL(request.url, 'http://localhost');
    const child = spawn(backend, {env: cgiEnvironment(root, user, request, url, body.length)});
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(body);
    await new Promise((resolve) => child.on('close', resolve));
    answer(Buffer.concat(chunks), response);
  }, onProblem);
}
