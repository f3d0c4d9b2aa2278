// The commands of `coder ssh` in the stand-in's workspaces: each is a session of its own, told apart from
// the program that asked for it, as a command behind a real agent is. A connection that drops hangs up its
// command (SIGHUP to all of its process group); the end of the workspace kills it.
import {spawn} from 'node:child_process';
import {readdirSync, readlinkSync} from 'node:fs';

// Frames both ways: one byte of kind, four of length, the bytes.
export const kinds = {input: 0, endOfInput: 1, output: 2, errors: 3, exit: 4, command: 5};

export function frame(kind, bytes = Buffer.alloc(0)) {
  const head = Buffer.alloc(5);
  head.writeUInt8(kind, 0);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

// Answers a function that takes bytes and calls `take(kind, bytes)` for each whole frame.
export function frames(take) {
  let rest = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      take(rest.readUInt8(0), rest.subarray(5, end));
      rest = rest.subarray(end);
    }
  };
}

// What a real agent's sessions have, its own token included.
function environmentOf(coder, workspace) {
  return {
    PATH: process.env.PATH, HOME: coder.homeOf(workspace), USER: 'coder', LOGNAME: 'coder', SHELL: '/bin/sh',
    CODER: 'true', CODER_WORKSPACE_NAME: workspace.name, CODER_WORKSPACE_AGENT_NAME: 'main',
    CODER_AGENT_TOKEN: 'of-the-agent', CODER_AGENT_URL: coder.url, GIT_SSH_COMMAND: 'coder gitssh --',
  };
}

export class Sessions {
  constructor(coder) { Object.assign(this, {coder, running: new Map()}); }

  // The request's headers are followed by frames, the command first.
  open(request, socket, first) {
    const {coder} = this;
    const workspace = coder.byId(new URL(request.url, coder.url).searchParams.get('workspace'));
    const authorised = request.headers['coder-session-token'] === coder.token;
    socket.on('error', () => {});
    if (!authorised || workspace?.agent.lifecycle !== 'ready') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    coder.requests.push(`ssh ${workspace.name}`);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: stand-in-ssh\r\n\r\n');
    let child;
    const take = frames((kind, bytes) => {
      if (kind === kinds.command) child = this.#run(workspace, bytes.toString(), socket);
      else if (kind === kinds.input) child.stdin.write(bytes);
      else child.stdin.end();
    });
    take(first);
    socket.on('data', take);
  }

  #run(workspace, command, socket) {
    const child = spawn('/bin/sh', ['-c', command], {detached: true, cwd: this.coder.homeOf(workspace),
      env: environmentOf(this.coder, workspace), stdio: ['pipe', 'pipe', 'pipe']});
    const session = {workspace, child, socket};
    this.running.set(child.pid, session);
    this.coder.onSession?.(workspace);
    const send = (kind, bytes) => { if (socket.writable) socket.write(frame(kind, bytes)); };
    child.stdout.on('data', (bytes) => send(kinds.output, bytes));
    child.stderr.on('data', (bytes) => send(kinds.errors, bytes));
    child.stdin.on('error', () => {});
    // Output that a child of the command holds open is waited for, as sshd does it.
    child.on('close', (code, signal) => {
      this.running.delete(child.pid);
      send(kinds.exit, Buffer.from([signal ? 255 : code]));
      socket.end();
    });
    socket.on('close', () => this.#signal(session, 'SIGHUP'));
    socket.on('end', () => this.#signal(session, 'SIGHUP'));
    return child;
  }

  #signal({child}, signal) {
    if (!this.running.has(child.pid)) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has just ended.
    }
  }

  // Cuts the connections, as a network does.
  drop(workspace) {
    for (const session of this.running.values()) if (session.workspace === workspace) session.socket.destroy();
  }

  // As the end of a machine: also what has left its session.
  end(workspace) {
    const home = this.coder.homeOf(workspace);
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (`${readlinkSync(`/proc/${pid}/cwd`)}/`.startsWith(`${home}/`)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // Another user's, or it has just ended.
      }
    }
    for (const session of this.running.values()) {
      if (session.workspace !== workspace) continue;
      this.#signal(session, 'SIGKILL');
      session.socket.destroy();
    }
  }
}
