// A model whose every answer is scripted, in the three APIs that coding agents speak: Anthropic's messages,
// OpenAI's responses and chat completions, each as server-sent events. A script is a function of the turn (from 0)
// and of what was sent, and answers one of
//   {shell: 'command'}      a call of the agent's own tool for shell commands
//   {say: 'text'}           a text, with which the turn ends
//   {status: 429, headers}  an error as that API says it
//   {drop: true}            the stream breaks off in the middle
//   {hang: true}            the request is taken and never answered
//   {raw: 'bytes'}          an answer that is no such stream
// and, beside those, usage: {input, cached, output}.
import {createServer} from 'node:http';
import {createServer as createTlsServer} from 'node:https';

const used = {input: 1000, cached: 200, output: 50};
const events = (list) => list.map(([name, data]) =>
  `${name ? `event: ${name}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);

function messages(answer, id, request) {
  const usage = answer.usage ?? used;
  const tool = (request.tools ?? []).find((t) => t.name === 'Bash');
  const block = answer.shell !== undefined ?
    {start: {type: 'tool_use', id: `toolu_${id}`, name: tool?.name ?? 'Bash', input: {}},
      delta: {type: 'input_json_delta', partial_json: JSON.stringify({command: answer.shell, description: 'A step'})}} :
    {start: {type: 'text', text: ''}, delta: {type: 'text_delta', text: answer.say}};
  return events([
    ['message_start', {type: 'message_start', message: {id: `msg_${id}`, type: 'message', role: 'assistant',
      model: request.model, content: [], stop_reason: null, stop_sequence: null,
      usage: {input_tokens: usage.input - usage.cached, cache_read_input_tokens: usage.cached,
        cache_creation_input_tokens: 0, output_tokens: 1}}}],
    ['content_block_start', {type: 'content_block_start', index: 0, content_block: block.start}],
    ['content_block_delta', {type: 'content_block_delta', index: 0, delta: block.delta}],
    ['content_block_stop', {type: 'content_block_stop', index: 0}],
    ['message_delta', {type: 'message_delta', delta: {stop_sequence: null,
      stop_reason: answer.shell !== undefined ? 'tool_use' : 'end_turn'}, usage: {output_tokens: usage.output}}],
    ['message_stop', {type: 'message_stop'}]]);
}

function responses(answer, id, request) {
  const usage = answer.usage ?? used;
  const names = (request.tools ?? []).map((t) => t.name ?? t.type);
  const shell = names.includes('exec_command') ? ['exec_command', {cmd: answer.shell}] :
    names.includes('shell_command') ? ['shell_command', {command: answer.shell}] :
      ['shell', {command: ['bash', '-c', answer.shell]}];
  const item = answer.shell !== undefined ?
    {type: 'function_call', id: `fc_${id}`, call_id: `call_${id}`, name: shell[0], arguments: JSON.stringify(shell[1])} :
    {type: 'message', id: `msg_${id}`, role: 'assistant', status: 'completed',
      content: [{type: 'output_text', text: answer.say, annotations: []}]};
  return events([
    ['response.created', {type: 'response.created', response: {id: `resp_${id}`}}],
    ['response.output_item.done', {type: 'response.output_item.done', output_index: 0, item}],
    ['response.completed', {type: 'response.completed', response: {id: `resp_${id}`, usage: {
      input_tokens: usage.input, input_tokens_details: {cached_tokens: usage.cached},
      output_tokens: usage.output, output_tokens_details: {reasoning_tokens: 0},
      total_tokens: usage.input + usage.output}}}]]);
}

function completions(answer, id, request) {
  const usage = answer.usage ?? used;
  const base = {id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: 1, model: request.model};
  const delta = answer.shell !== undefined ?
    {role: 'assistant', tool_calls: [{index: 0, id: `call_${id}`, type: 'function',
      function: {name: 'bash', arguments: JSON.stringify({command: answer.shell, description: 'A step'})}}]} :
    {role: 'assistant', content: answer.say};
  const list = [
    ['', {...base, choices: [{index: 0, delta, finish_reason: null}]}],
    ['', {...base, choices: [{index: 0, delta: {},
      finish_reason: answer.shell !== undefined ? 'tool_calls' : 'stop'}]}]];
  if (request.stream_options?.include_usage) {
    list.push(['', {...base, choices: [], usage: {prompt_tokens: usage.input, completion_tokens: usage.output,
      total_tokens: usage.input + usage.output, prompt_tokens_details: {cached_tokens: usage.cached}}}]);
  }
  return events([...list, ['', '[DONE]']]);
}

const encoders = [[/\/v1\/messages$/, messages], [/\/responses$/, responses], [/\/chat\/completions$/, completions]];

// Serves on a free port of loopback. `requests` keeps what was asked: {path, headers, body}. A request with no tools is
// a side question (a title, a summary): it is answered with a word, and no turn is counted.
// With `tls` ({key, cert}) it is served by TLS.
export async function startModel(script, {tls} = {}) {
  const requests = [], strange = [];
  let turn = 0;
  const sockets = new Set();
  const answer = (request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      const path = new URL(request.url, 'http://x').pathname;
      const encode = encoders.find(([pattern]) => pattern.test(path))?.[1];
      if (request.method !== 'POST' || !encode) {
        strange.push(`${request.method} ${path}`);
        response.writeHead(404, {'content-type': 'application/json'}).end('{"error":{"message":"not here"}}');
        return;
      }
      const body = JSON.parse(Buffer.concat(pieces).toString());
      const aside = (body.tools ?? []).length === 0;
      requests.push({path, headers: request.headers, body, aside});
      const scripted = aside ? {say: 'Repair'} : script(turn++, body, request);
      serve(scripted, encode, requests.length, body, response);
    });
  };
  const server = tls ? createTlsServer(tls, answer) : createServer(answer);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: server.address().port, url: `${tls ? 'https' : 'http'}://127.0.0.1:${server.address().port}`, requests, strange,
    get turns() { return turn; },
    get open() { return sockets.size; },  // connections
    use(next) { script = next; turn = 0; },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

function serve(answer, encode, id, body, response) {
  if (answer.hang) return;
  if (answer.status) {
    const type = answer.status === 429 ? 'rate_limit_error' : answer.status === 401 ? 'authentication_error' : 'api_error';
    response.writeHead(answer.status, {'content-type': 'application/json', ...answer.headers})
      .end(JSON.stringify({type: 'error', error: {type, message: `scripted ${answer.status}`}}));
    return;
  }
  response.writeHead(200, {'content-type': 'text/event-stream'});
  if (answer.raw !== undefined) return void response.end(answer.raw);
  const list = encode(answer, id, body);
  if (!answer.drop) return void response.end(list.join(''));
  response.write(list.slice(0, Math.max(1, list.length - 2)).join(''), () => response.destroy());
}
