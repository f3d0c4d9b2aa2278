// HTTP as a hostile or broken peer speaks it: bytes on a socket.
import {connect} from 'node:net';

// Sends the chunks as they are and answers {status, text}; status is 0 when the daemon only closed.
export function sendRaw(url, chunks, {seconds = 20} = {}) {
  const {hostname, port} = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({host: hostname, port: Number(port)});
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      reject(new Error(`no answer in ${seconds} s; got ${JSON.stringify(text.slice(0, 200))}`));
    }, seconds * 1000);
    const finish = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve({status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0), text});
    };
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? Infinity);
      if (head >= 0 && text.length >= head + 4 + length) finish();
    });
    // A daemon that refuses early closes while we still write: what it said before that counts.
    socket.on('error', () => {});
    socket.on('close', finish);
    socket.on('connect', () => {
      for (const chunk of chunks) socket.write(chunk);
    });
  });
}

export function head(path, headers, method = 'POST') {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`));
  return `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${lines.join('')}\r\n`;
}
