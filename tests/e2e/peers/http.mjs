// Small pieces that the HTTP peers share.
import {createServer} from 'node:http';

// Serves `handle(request, response, body)` on a free port of the loopback address. An exception in the
// handler is reported through `onError` and answered as 500, so that no peer's own bug goes unseen.
export async function serve(handle, onError) {
  const server = createServer({keepAliveTimeout: 2000}, (request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', async () => {
      try {
        await handle(request, response, Buffer.concat(chunks));
      } catch (error) {
        onError(`the peer itself failed on ${request.method} ${request.url}: ${error.stack}`);
        if (!response.headersSent) response.writeHead(500);
        response.end();
      }
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    server,
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    }),
  };
}
