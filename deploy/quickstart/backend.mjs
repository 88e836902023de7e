/** A small HTTP backend: says who it is and what it was asked. Usage: node backend.mjs NAME PORT */
import {createServer} from 'node:http';

const [, , name = 'backend', port = '9001'] = process.argv;

createServer((request, response) => {
  const asked = Object.entries(request.headers).map(([header, value]) => `  ${header}: ${value}\n`);
  response.writeHead(200, {'content-type': 'text/plain; charset=utf-8', 'x-backend': name});
  response.end(`Hello from the backend "${name}".\n\n${request.method} ${request.url}\n${asked.join('')}`);
})
  .on('error', ({code, message}) => {
    console.error(code === 'EADDRINUSE' ? `port ${port} on 127.0.0.1 is in use by another process` : message);
    process.exit(1);
  })
  .listen(Number(port), '127.0.0.1');

process.on('SIGTERM', () => process.exit(0));
