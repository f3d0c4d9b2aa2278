// The daemon under test: a child process with a log that is kept, and the command line beside it.
import {execFile, spawn} from 'node:child_process';
import {appendFileSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

import {until} from './wait.mjs';

export const binary = process.env.REGREEN;

// What a person's shell has, and none of the test's own settings.
const plainEnvironment = {PATH: process.env.PATH, HOME: '/nonexistent', LANG: 'C.UTF-8'};

export class Daemon {
  constructor(configFile, folder) {
    Object.assign(this, {configFile, logFile: join(folder, 'daemon.log'), child: undefined});
    appendFileSync(this.logFile, '');
  }

  // Starts it and waits until it listens. `environment` is added to a plain one.
  async start({environment = {}} = {}) {
    this.spawn(environment);
    const mark = this.mark;
    const line = await until('the daemon listens', () => {
      if (this.exit) throw new Error(`the daemon ended at its start: ${JSON.stringify(this.exit)}\n${this.log()}`);
      return this.lines(mark).find((l) => l.address && /listening/.test(JSON.stringify(l)));
    }, {seen: () => this.log().slice(-1000)});
    this.url = `http://${line.address.replace(/^https?:\/\//, '')}`;
    await until('the daemon is ready', async () => (await this.get('/readyz')).status === 200);
    return this;
  }

  spawn(environment = {}) {
    this.exit = undefined;
    this.mark = readFileSync(this.logFile).length;
    this.child = spawn(binary, ['serve', '--config', this.configFile],
      {env: {...plainEnvironment, ...environment}, stdio: ['ignore', 'pipe', 'pipe']});
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (bytes) => appendFileSync(this.logFile, bytes));
    }
    this.ended = new Promise((resolve) => {
      this.child.on('close', (code, signal) => resolve(this.exit = {code, signal}));
    });
  }

  // Asks it to stop, and answers how it ended.
  async stop(signal = 'SIGTERM') {
    if (!this.child || this.exit) return this.exit;
    this.child.kill(signal);
    const child = this.child;
    const timer = setTimeout(() => child.kill('SIGKILL'), 30_000);
    const exit = await this.ended;
    clearTimeout(timer);
    return exit;
  }

  log() { return readFileSync(this.logFile, 'utf8'); }

  // Log lines as objects, from a byte of the file on.
  lines(from = 0) {
    return readFileSync(this.logFile).subarray(from).toString().split('\n').flatMap((line) => {
      try {
        return [JSON.parse(line)];
      } catch {
        return [];
      }
    });
  }

  async get(path) {
    const response = await fetch(this.url + path);
    return {status: response.status, text: await response.text()};
  }

  async metrics() { return (await this.get('/metrics')).text; }

  // The command line on this daemon's config.
  command(...args) { return runCommand([...args, '--config', this.configFile]); }

  async json(...args) {
    const result = await this.command(...args, '--json');
    if (result.code !== 0) throw new Error(`regreen ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
    return JSON.parse(result.stdout);
  }

  async tasks() { return (await this.json('task', 'list')).tasks; }
}

// Runs the command line. Answers {code, stdout, stderr}; a failing command is an answer. Never blocks
// the event loop: the peers that the command may talk to live in this process.
export function runCommand(args, {cwd, environment = {}, input = ''} = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(binary, args, {
      cwd, timeout: 120_000, maxBuffer: 64 << 20, env: {...plainEnvironment, ...environment},
    }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({code: error?.code ?? 0, stdout, stderr});
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
