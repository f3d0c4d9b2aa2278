#!/usr/bin/env node
// A stand-in for the `coder` program, for `coder ssh` alone: it finds the workspace by the server's API,
// refuses what the real one would refuse and what regreen must not do, and runs the command by the
// stand-in for the server (coder_agent.mjs). As the real one it keeps the remote exit code and ends with
// 255 when the connection drops.
import {statSync} from 'node:fs';
import {request} from 'node:http';

import {frame, frames, kinds} from './coder_agent.mjs';

function fail(words) {
  process.stderr.write(`error: ${words}\n`);
  process.exit(1);
}

// PWD and the like are of the shell that starts this script.
const allowed = /^(_|PWD|OLDPWD|SHLVL|PATH|HOME|LANG|TMPDIR|SSL_CERT_FILE|CODER_URL|CODER_SESSION_TOKEN|CODER_CONFIG_DIR|CODER_SSH_DISABLE_AUTOSTART|CODER_NO_VERSION_WARNING|CODER_NO_FEATURE_WARNING)$/;

function checkSurroundings(argv) {
  const {CODER_URL: url, CODER_SESSION_TOKEN: token, CODER_CONFIG_DIR: folder} = process.env;
  const strange = Object.keys(process.env).filter((name) => !allowed.test(name));
  if (strange.length) fail(`the environment holds what is not for this program: ${strange.join(', ')}`);
  if (!url || !token) fail('You are not logged in. Try logging in using: coder login <url>');
  if (argv.some((word) => word.includes(token))) fail('the token is on the command line, where everybody can read it');
  if (process.env.CODER_SSH_DISABLE_AUTOSTART !== 'true') fail('a stopped workspace would be started again');
  if (!folder || (statSync(folder).mode & 0o77) !== 0) fail('the folder of its configuration is not private');
}

function parse(argv) {
  const words = [...argv];
  if (words.shift() !== 'ssh') fail('unknown command');
  if (words.shift() !== '--wait' || words.shift() !== 'yes') fail('--wait yes is expected');
  const workspace = words.shift();
  if (words.shift() !== '--' || words.length === 0) fail('a command is expected after --');
  return {workspace, command: words.join(' ')};
}

async function findWorkspace(name) {
  const answer = await fetch(`${process.env.CODER_URL}/api/v2/users/me/workspace/${encodeURIComponent(name)}`,
    {headers: {'Coder-Session-Token': process.env.CODER_SESSION_TOKEN}});
  const body = await answer.json();
  if (answer.status !== 200) fail(`${body.message}`);
  const {transition, job, resources} = body.latest_build;
  if (transition !== 'start' || job.status !== 'succeeded') fail('workspace must be started; was unable to autostart');
  if (resources[0].agents[0].lifecycle_state !== 'ready') fail('the agent did not start');
  return body.id;
}

function run(id, command) {
  const call = request(`${process.env.CODER_URL}/stand-in/ssh?workspace=${id}`, {headers: {
    Connection: 'Upgrade', Upgrade: 'stand-in-ssh', 'Coder-Session-Token': process.env.CODER_SESSION_TOKEN}});
  const drop = () => {
    process.stderr.write('error: SSH connection ended unexpectedly\n');
    process.exit(255);
  };
  call.on('error', drop);
  call.on('response', () => fail('the agent cannot be reached'));
  call.on('upgrade', (_, socket, first) => {
    const take = frames((kind, bytes) => {
      if (kind === kinds.output) process.stdout.write(bytes);
      else if (kind === kinds.errors) process.stderr.write(bytes);
      else process.exitCode = bytes[0], socket.finished = true;
    });
    take(first);
    socket.write(frame(kinds.command, Buffer.from(command)));
    socket.on('data', take);
    socket.on('error', drop);
    socket.on('close', () => { if (socket.finished) process.stdin.destroy(); else drop(); });
    process.stdin.on('data', (bytes) => socket.write(frame(kinds.input, bytes)));
    process.stdin.on('end', () => { if (socket.writable) socket.write(frame(kinds.endOfInput)); });
  });
  call.end();
}

checkSurroundings(process.argv.slice(2));
const {workspace, command} = parse(process.argv.slice(2));
run(await findWorkspace(workspace), command);
