// What strangers send: refused with the right status, never a 5xx, and the daemon stays well.
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {test} from 'node:test';
import {gzipSync} from 'node:zlib';

import {inLab} from './lab/lab.mjs';
import {head, sendRaw} from './lab/raw_http.mjs';
import {failedRunPayload, post, signature} from './lab/webhook.mjs';

const path = '/hooks/github';
const MiB = 1 << 20;

function headers(secret, body, more = {}) {
  return {'Content-Type': 'application/json', 'X-GitHub-Event': 'workflow_run',
    'X-GitHub-Delivery': crypto.randomUUID(), 'X-Hub-Signature-256': signature(secret, body), ...more};
}

// Bodies that are signed rightly and still wrong. `valid` is a good payload to start from.
const signedBodies = [
  {name: 'an empty body', body: () => ''},
  {name: 'no JSON at all', body: () => 'hello'},
  {name: 'JSON that ends too early', body: (valid) => JSON.stringify(valid).slice(0, 5000)},
  {name: 'something after the JSON', body: (valid) => `${JSON.stringify(valid)} {}`},
  {name: 'an array', body: () => '[]'},
  {name: 'nesting 100,000 deep', body: () => '['.repeat(100_000) + ']'.repeat(100_000)},
  {name: 'objects nested 100,000 deep', body: () => '{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)},
  {name: 'a number that breaks parsers', body: () => '{"workflow_run": 0.00000000000001e-2147483639}'},
  {name: 'invalid UTF-8', body: () => Buffer.from('{"action": "completed\xff\xfe"}', 'latin1')},
  {name: 'a run that is a string', body: (valid) => JSON.stringify({...valid, workflow_run: 'x'})},
  {name: 'a run id that is an object', body: (valid) => JSON.stringify(
    {...valid, workflow_run: {...valid.workflow_run, id: {}}})},
  {name: 'a repository without a name', body: (valid) => JSON.stringify({...valid, repository: {}})},
  {name: 'a repository name that climbs out', body: (valid) => JSON.stringify(
    {...valid, repository: {...valid.repository, full_name: '../../etc/passwd'}})},
  {name: 'a commit that is an option', body: (valid) => JSON.stringify(
    {...valid, workflow_run: {...valid.workflow_run, head_sha: '--upload-pack=touch'}})},
  {name: 'a branch with a line break', body: (valid) => JSON.stringify(
    {...valid, workflow_run: {...valid.workflow_run, head_branch: 'main\nevil'}})},
];

const signatures = [
  {name: 'no signature', value: () => undefined},
  {name: 'an empty signature', value: () => ''},
  {name: 'a signature by another secret', value: (secret, body) => signature(`${secret}x`, body)},
  {name: 'a signature by an empty secret', value: (secret, body) => signature('', body)},
  {name: 'a signature of another body', value: (secret) => signature(secret, 'other')},
  {name: 'a signature without its prefix', value: (secret, body) => signature(secret, body).slice(7, -1)},
  {name: 'a signature by SHA-1', value: (secret, body) => `sha1=${createHmac('sha1', secret).update(body).digest('hex')}`},
  {name: 'half a signature', value: (secret, body) => signature(secret, body).slice(0, 39)},
  {name: 'a signature of 100 KB', value: () => `sha256=${'a'.repeat(100_000)}`, expect: [400, 401, 414, 431]},
];

// Requests as bytes; `lab` gives the secret and a valid body.
const rawRequests = [
  {name: 'no HTTP at all', chunks: () => ['\x16\x03\x01\x02\x00\x01\r\n\r\n'], expect: [0, 400]},
  {name: 'an unknown method', chunks: () => [head(path, {'Content-Length': 0}, 'BREW')], expect: [400, 405, 501]},
  {name: 'a length with a sign', chunks: ({body, secret}) =>
    [head(path, headers(secret, body, {'Content-Length': `+${body.length}`})), body], expect: [400]},
  {name: 'a negative length', chunks: ({body, secret}) =>
    [head(path, headers(secret, body, {'Content-Length': -5})), body], expect: [400, 413]},
  {name: 'two lengths that differ', chunks: ({body, secret}) =>
    [head(path, headers(secret, body, {'Content-Length': [body.length, 5]})), body], expect: [400]},
  {name: 'a length and chunks', chunks: ({body, secret}) =>
    [head(path, headers(secret, body, {'Content-Length': body.length, 'Transfer-Encoding': 'chunked'})),
      `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`], expect: [400]},
  {name: '5,000 headers', chunks: ({body, secret}) =>
    [head(path, {...headers(secret, body), ...Object.fromEntries(
      Array.from({length: 5000}, (_, i) => [`X-Flood-${i}`, 'x'])), 'Content-Length': body.length}), body],
  expect: [0, 400, 431]},
  {name: 'a header of 1 MB', chunks: ({body, secret}) =>
    [head(path, headers(secret, body, {'X-Long': 'x'.repeat(MiB), 'Content-Length': body.length})), body],
  expect: [0, 400, 431]},
  {name: 'a path of 100 KB', chunks: () => [head(`/${'x'.repeat(100_000)}`, {'Content-Length': 0})],
    expect: [0, 400, 404, 414]},
  {name: '26 MB, said beforehand', chunks: ({secret}) => {
    const big = Buffer.alloc(26 * MiB, 'x');
    return [head(path, headers(secret, big, {'Content-Length': big.length})), big];
  }, expect: [413]},
  {name: '26 MB in chunks', chunks: ({secret}) => {
    const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(MiB, 'x'), Buffer.from('\r\n')]);
    return [head(path, headers(secret, 'x', {'Transfer-Encoding': 'chunked'})),
      ...Array(26).fill(piece), '0\r\n\r\n'];
  }, expect: [413]},
  {name: 'a gzip bomb', chunks: ({secret}) => {
    const bomb = gzipSync(Buffer.alloc(200 * MiB));
    return [head(path, headers(secret, bomb, {'Content-Encoding': 'gzip', 'Content-Length': bomb.length})), bomb];
  }, expect: [400, 401, 413, 415]},
  {name: 'chunks whose size is no number', chunks: ({body, secret}) =>
    [head(path, headers(secret, body, {'Transfer-Encoding': 'chunked'})), 'zz\r\nhello\r\n0\r\n\r\n'],
  expect: [0, 400]},
];

test('bad input is refused, with no 5xx', inLab({}, async (lab, t) => {
  await lab.daemon.start();
  const url = `${lab.daemon.url}${path}`;
  const valid = failedRunPayload(lab.repo, lab.failedRun({conclusion: 'success'}));
  const body = JSON.stringify(valid);

  for (const {name, body: make} of signedBodies) {
    await t.test(`400: ${name}`, async () => {
      const bytes = make(failedRunPayload(lab.repo, {...lab.github.runs[0], conclusion: 'failure'}));
      const answer = await post(url, bytes, headers(lab.secret, bytes));
      assert.equal(answer.status, 400, answer.text);
    });
  }
  for (const {name, value, expect = [401]} of signatures) {
    await t.test(`${expect}: ${name}`, async () => {
      const wrong = {...headers(lab.secret, body), 'X-Hub-Signature-256': value(lab.secret, body)};
      if (wrong['X-Hub-Signature-256'] === undefined) delete wrong['X-Hub-Signature-256'];
      const answer = await sendRaw(url, [head(path, {...wrong, 'Content-Length': body.length}), body]);
      assert.ok(expect.includes(answer.status), answer.text);
    });
  }
  for (const {name, chunks, expect} of rawRequests) {
    await t.test(`${expect}: ${name}`, async () => {
      const answer = await sendRaw(url, chunks({body, secret: lab.secret}));
      assert.ok(expect.includes(answer.status), `${answer.status}: ${answer.text.slice(0, 300)}`);
      assert.equal((await lab.daemon.get('/healthz')).status, 200);
    });
  }
  await t.test('404: a CI that is not configured', async () => {
    assert.equal((await post(`${lab.daemon.url}/hooks/nonsense`, body, headers(lab.secret, body))).status, 404);
  });
  await t.test('405: a GET', async () => {
    assert.equal((await lab.daemon.get(path)).status, 405);
  });
  await t.test('400: no event name', async () => {
    const {'X-GitHub-Event': _, ...rest} = headers(lab.secret, body);
    assert.equal((await post(url, body, rest)).status, 400);
  });

  assert.equal((await lab.daemon.get('/readyz')).status, 200);
  assert.deepEqual(await lab.daemon.tasks(), []);
  assert.doesNotMatch(await lab.daemon.metrics(), /outcome="accepted"/);
}));

test('unusual but right deliveries are taken', inLab({}, async (lab, t) => {
  await lab.daemon.start();
  const url = `${lab.daemon.url}${path}`;
  const body = JSON.stringify(failedRunPayload(lab.repo, lab.failedRun({conclusion: 'success'})));
  const form = `payload=${encodeURIComponent(body)}`;
  const formType = 'application/x-www-form-urlencoded';

  await t.test('form-encoded, as GitHub sends it when asked to', async () => {
    assert.ok(form.length > 8192, 'the sample is longer than small form limits');
    const answer = await post(url, form, headers(lab.secret, form, {'Content-Type': formType}));
    assert.equal(answer.status, 202, answer.text);
  });
  await t.test('in chunks', async () => {
    const half = body.length >> 1, [a, b] = [body.slice(0, half), body.slice(half)];
    const answer = await sendRaw(url, [head(path, headers(lab.secret, body, {'Transfer-Encoding': 'chunked'})),
      `${a.length.toString(16)}\r\n${a}\r\n${b.length.toString(16)}\r\n${b}\r\n0\r\n\r\n`]);
    assert.equal(answer.status, 202, answer.text);
  });
  await t.test('a dripping body, one piece at a time', async () => {
    const pieces = body.match(/[^]{1,4096}/g);
    const answer = await sendRaw(url, [head(path, headers(lab.secret, body, {'Content-Length': body.length})), ...pieces]);
    assert.equal(answer.status, 202, answer.text);
  });
  await t.test('an event that nobody has heard of', async () => {
    const answer = await post(url, '{}', headers(lab.secret, '{}', {'X-GitHub-Event': 'never_heard_of'}));
    assert.equal(answer.status, 202, answer.text);
  });
  await t.test('an unknown conclusion', async () => {
    const odd = body.replace('"conclusion":"success"', '"conclusion":"brand_new_word"');
    assert.notEqual(odd, body);
    const answer = await post(url, odd, headers(lab.secret, odd));
    assert.equal(answer.status, 202, answer.text);
  });
  await t.test('24 MB', async () => {
    const big = JSON.stringify({...JSON.parse(body), padding: 'x'.repeat(24 * MiB)});
    const answer = await post(url, big, headers(lab.secret, big));
    assert.equal(answer.status, 202, answer.text.slice(0, 300));
  });
  await lab.idle();
  assert.deepEqual(await lab.daemon.tasks(), []);
}));
