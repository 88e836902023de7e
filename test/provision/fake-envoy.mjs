#!/usr/bin/env node
// Stands in for Envoy in tests of the supervisor: an admin endpoint, listeners on the ports it is told, the same signals.
// Its bootstrap is `{"adminPort": N, "listen": ["127.0.0.1:8080"], "listenFile": path, "dieAfterMs": N}`; the file holds
// further addresses, as they would come over xDS: each is tried once.
import {readFileSync} from 'node:fs';
import {createServer} from 'node:http';

if (process.argv.includes('--version')) {
  console.log(`envoy  version: 0123456789abcdef/${process.env.FAKE_ENVOY_VERSION ?? '1.2.3'}/Clean/RELEASE/BoringSSL`);
  process.exit(0);
}
const {
  adminPort,
  listen = [],
  listenFile,
  dieAfterMs,
  stubborn,
} = JSON.parse(readFileSync(process.argv[process.argv.indexOf('--config-path') + 1], 'utf8'));
console.log(`info main fake envoy ${process.pid} starts`);
let active = 0;
const bound = new Map();
const servers = [];
const tried = new Set();
function open(bind) {
  if (tried.has(bind)) return;
  tried.add(bind);
  const [host, port] = bind.split(':');
  const server = createServer((req, res) => {
    active++;
    setTimeout(
      () => {
        active--;
        res.end(`${process.pid}`);
      },
      Number(req.url.slice(1)) || 0,
    );
  });
  server.on('error', (error) => console.log(`warning config cannot bind ${bind}: ${error.message}`));
  server.listen(Number(port), host, () => bound.set(bind, server));
  servers.push(server);
}
listen.forEach(open);
if (listenFile !== undefined) setInterval(() => JSON.parse(readFileSync(listenFile, 'utf8')).forEach(open), 50);
createServer((req, res) => {
  if (req.url === '/listeners') res.end([...bound.keys()].map((bind) => `l::${bind}\n`).join(''));
  else if (req.url.startsWith('/stats'))
    res.end(`http.admin.downstream_rq_active: 1\nhttp.x.downstream_rq_active: ${active}\n`);
  else if (req.url === '/drain_listeners') {
    console.log('info main drains');
    for (const server of servers) server.close();
    res.end('OK');
  } else res.end('LIVE');
}).listen(adminPort, '127.0.0.1');
process.on('SIGTERM', () => {
  console.log('info main got SIGTERM');
  if (!stubborn) process.exit(0);
});
if (dieAfterMs !== undefined) setTimeout(() => process.exit(7), dieAfterMs);
