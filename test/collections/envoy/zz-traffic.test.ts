import {it, expect} from 'vitest';
import {writeFileSync, readFileSync} from 'node:fs';
import {spawn, execFileSync} from 'node:child_process';
import http from 'node:http';
import type {AddressInfo} from 'node:net';
import {makeWorld, services, gateway, route, service} from './harness.ts';
import {staticBootstrap} from '../../lint/static-bootstrap.ts';

const P = 23280,
  T = 23281;
const b64 = (f: string) => readFileSync(f).toString('base64');
it('traffic', async () => {
  const flaky = {n: 0};
  const backend = async (name: string) => {
    const s = http.createServer((q, r) => {
      if (q.url?.startsWith('/slow')) {
        setTimeout(() => r.end('slow'), 1500);
        return;
      }
      if (q.url?.startsWith('/flaky')) {
        flaky.n++;
        r.statusCode = flaky.n % 3 === 0 ? 200 : 500;
        r.end(`n=${flaky.n}`);
        return;
      }
      r.setHeader('x-backend-header', 'b');
      r.end(JSON.stringify({name, method: q.method, url: q.url, h: q.headers}) + '\n');
    });
    await new Promise<void>((ok) => s.listen(0, '127.0.0.1', ok));
    return {s, port: (s.address() as AddressInfo).port};
  };
  const names = ['web', 'api', 'copy'];
  const bs = await Promise.all(names.map(backend));
  const svc = names
    .map((n, i) => service(n, '127.0.0.1').replace('port: 8080}', `port: ${bs[i]?.port}}`))
    .join('\n---\n');
  const web = '{name: web, port: 80}',
    api = '{name: api, port: 80}';
  const rules = `
  - {matches: [{path: {value: /hdr}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-a, value: "100%r"}, {name: x-over, value: rule}], add: [{name: x-b, value: two}], remove: [x-gone]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-resp, value: r}], remove: [x-backend-header]}}], backendRefs: [{name: web, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x-over, value: backend}]}}]}]}
  - {matches: [{path: {value: /rw}}], filters: [{type: URLRewrite, urlRewrite: {hostname: new.host, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /strip}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /full}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /fixed}}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /redir}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}]}
  - {matches: [{path: {value: /redirp}}], filters: [{type: RequestRedirect, requestRedirect: {hostname: h.org, path: {type: ReplacePrefixMatch, replacePrefixMatch: /q}}}]}
  - {matches: [{path: {type: RegularExpression, value: "/re[0-9]+"}}], backendRefs: [${api}]}
  - {matches: [{path: {value: /match}, method: POST}], backendRefs: [${api}]}
  - {matches: [{path: {value: /match}, headers: [{name: X-Version, value: two}]}], backendRefs: [{name: copy, port: 80}]}
  - {matches: [{path: {value: /match}, queryParams: [{name: q, value: v}]}], backendRefs: [${api}]}
  - {matches: [{path: {value: /match}}], backendRefs: [${web}]}
  - {matches: [{path: {type: Exact, value: /exact}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /weights}}], backendRefs: [{name: web, port: 80, weight: 30}, {name: api, port: 80, weight: 50}, {name: nope, port: 80, weight: 20}, {name: copy, port: 80, weight: 0}]}`;
  const rules2 = `
  - {matches: [{path: {value: /split}}], backendRefs: [{name: web, port: 80, weight: 3, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /a}}}]}, {name: api, port: 80, weight: 5, filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /b}}}]}, {name: nope, port: 80, weight: 2}]}
  - {matches: [{path: {value: /invalid}}], backendRefs: [{name: nope, port: 80}]}
  - {matches: [{path: {value: /none}}]}
  - {matches: [{path: {value: /slow}}], timeouts: {request: 300ms}, backendRefs: [${web}]}
  - {matches: [{path: {value: /slow-none}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /flaky}}], retry: {attempts: 2, codes: [500]}, backendRefs: [${web}]}
  - {matches: [{path: {value: /flaky0}}], retry: {attempts: 0, codes: [500]}, backendRefs: [${web}]}
  - {matches: [{path: {value: /empty}}], backendRefs: [{name: void, port: 80}]}
  - {matches: [{path: {value: /cors}}], filters: [{type: CORS, cors: {allowOrigins: ["https://*.ok.org"], allowMethods: [GET, PUT], allowHeaders: ["x-1"], exposeHeaders: ["*"], allowCredentials: true, maxAge: 7}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /mirror}}], filters: [{type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 80}}}], backendRefs: [${web}]}
  - {matches: [{path: {value: /hosthdr}}], filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: Host, value: sethost.org}]}}], backendRefs: [${web}]}`;
  const cert = `
apiVersion: v1
kind: Secret
metadata: {name: cert, namespace: default}
type: kubernetes.io/tls
data: {tls.crt: ${b64('/tmp/sluice/exp/c.pem')}, tls.key: ${b64('/tmp/sluice/exp/k.pem')}}
`;
  const empty = service('void', '127.0.0.1').replace(/endpoints: .*/, 'endpoints: []');
  const tls = '{mode: Terminate, certificateRefs: [{name: cert}]}';
  const w = makeWorld([
    services,
    svc,
    empty,
    cert,
    gateway(
      `[{name: http, port: ${P}, protocol: HTTP}, {name: iso, port: ${P}, protocol: HTTP, hostname: iso.example.org},
      {name: all, port: ${T}, protocol: HTTPS, tls: ${tls}}, {name: wild, port: ${T}, protocol: HTTPS, hostname: "*.example.org", tls: ${tls}},
      {name: one, port: ${T}, protocol: HTTPS, hostname: one.example.org, tls: ${tls}}]`,
      'gw',
      '[{value: 127.0.0.1}]',
    ),
    route('a', rules, 'a.example.org', '[{name: gw, sectionName: http}]'),
    route('b', rules2, 'a.example.org', '[{name: gw, sectionName: http}]'),
    route('c', `[{backendRefs: [${web}]}]`, '', '[{name: gw, sectionName: all}]'),
    route('d', `[{backendRefs: [${api}]}]`, '', '[{name: gw, sectionName: one}]'),
    route(
      'e',
      `[{backendRefs: [{name: copy, port: 80}]}]`,
      'x.example.org,one.example.org',
      '[{name: gw, sectionName: wild}]',
    ),
  ]);
  const rows = w.rows();
  console.log(rows.map((r) => r.type.split('.').at(-1) + ' ' + r.name + ' ' + r.bytes.length).join('\n'));
  writeFileSync('/tmp/sluice/exp/t.pb', staticBootstrap(rows, {adminPort: 23282}));
  console.log(
    execFileSync('/tmp/sluice/envoy/bin/envoy', [
      '--mode',
      'validate',
      '-c',
      '/tmp/sluice/exp/t.pb',
      '--base-id',
      '79',
      '-l',
      'error',
    ]).toString(),
  );
  const e = spawn(
    '/tmp/sluice/envoy/bin/envoy',
    ['-c', '/tmp/sluice/exp/t.pb', '--base-id', '79', '-l', 'warning', '--concurrency', '1'],
    {stdio: ['ignore', 'pipe', 'pipe']},
  );
  let log = '';
  e.stderr.on('data', (d) => {
    log += d;
  });
  const out: string[] = [];
  const {execFile} = await import('node:child_process');
  const curl = (...a: string[]): Promise<string> =>
    new Promise((ok) => execFile('curl', ['-s', '-m', '4', ...a], {encoding: 'utf8'}, (_e, o) => ok(o)));
  try {
    await new Promise((r) => setTimeout(r, 1500));
    const H = ['-H', 'Host: a.example.org'];
    const u = `http://127.0.0.1:${P}`;
    const show = async (what: string, ...a: string[]) =>
      out.push(`${what}: ${(await curl('-w', ' [%{http_code} %{redirect_url}]', ...a)).trim().replaceAll('\n', ' ')}`);
    await show('hdr', '-i', ...H, '-H', 'x-gone: 1', '-H', 'x-b: one', `${u}/hdr`);
    await show('rw', ...H, `${u}/rw/x?y=1`);
    await show('rw', ...H, `${u}/rw`);
    await show('rwx', ...H, `${u}/rwx`);
    await show('strip', ...H, `${u}/strip/x`);
    await show('strip', ...H, `${u}/strip`);
    await show('full', ...H, `${u}/full/x?y=1`);
    await show('redir', ...H, `${u}/redir/z?k=1`);
    await show('redir-hostport', '-H', `Host: a.example.org:${P}`, `${u}/redir/z`);
    await show('redirp', ...H, `${u}/redirp/z`);
    await show('re', ...H, `${u}/re12`);
    await show('re', ...H, `${u}/re12/`);
    await show('post', ...H, '-X', 'POST', `${u}/match`);
    await show('xv', ...H, '-H', 'x-version: two', `${u}/match`);
    await show('q', ...H, `${u}/match?q=v`);
    await show('m', ...H, `${u}/match`);
    await show('exact', ...H, `${u}/exact`);
    await show('exact', ...H, `${u}/exact/`);
    for (const p of ['weights', 'split']) {
      const c: Record<string, number> = {};
      const all = await curl(...H, '-w', ' [%{http_code}]\n', `${u}/${p}?i=[1-500]`);
      for (const line of all.split('\n')) {
        const m = /"name":"(\w+)".*"url":"([^"?]*)/.exec(line);
        const k = m ? `${m[1]} ${m[2]}` : /\[(\d+)\]/.exec(line)?.[1];
        if (k && !(m && false)) c[k] = (c[k] ?? 0) + 1;
      }
      out.push(`${p}: ${JSON.stringify(c)}`);
    }
    await show('invalid', ...H, `${u}/invalid`);
    await show('none', ...H, `${u}/none`);
    await show('slow', ...H, `${u}/slow`);
    await show('slownone', ...H, `${u}/slow-none`);
    flaky.n = 0;
    await show('flaky', ...H, `${u}/flaky`);
    await show('flaky0', ...H, `${u}/flaky0`);
    await show('empty', ...H, `${u}/empty`);
    await show(
      'cors',
      '-i',
      '-X',
      'OPTIONS',
      ...H,
      '-H',
      'Origin: https://a.ok.org',
      '-H',
      'Access-Control-Request-Method: PUT',
      `${u}/cors`,
    );
    await show(
      'corsbad',
      '-i',
      '-X',
      'OPTIONS',
      ...H,
      '-H',
      'Origin: https://a.bad.org',
      '-H',
      'Access-Control-Request-Method: PUT',
      `${u}/cors`,
    );
    await show('cors', '-i', ...H, '-H', 'Origin: https://a.ok.org', `${u}/cors`);
    await show('mirror', ...H, `${u}/mirror`);
    await show('hosthdr', ...H, `${u}/hosthdr`);
    await show('404host', '-H', 'Host: zzz.org', `${u}/`);
    await show('404iso', '-H', 'Host: iso.example.org', `${u}/match`);
    const t = async (sni: string, host: string) =>
      show(
        `tls ${sni} ${host}`,
        '-k',
        '--resolve',
        `${sni}:${T}:127.0.0.1`,
        '-H',
        `Host: ${host}`,
        `https://${sni}:${T}/`,
      );
    for (const [sni, host] of [
      ['foo.test', 'foo.test'],
      ['foo.test', 'bar.test'],
      ['foo.test', 'one.example.org'],
      ['foo.test', 'x.example.org'],
      ['one.example.org', 'one.example.org'],
      ['one.example.org', 'foo.test'],
      ['one.example.org', 'x.example.org'],
      ['x.example.org', 'x.example.org'],
      ['x.example.org', 'y.example.org'],
      ['x.example.org', 'one.example.org'],
      ['x.example.org', 'foo.test'],
    ])
      await t(sni ?? '', host ?? '');
    await show(
      'tls h2',
      '-k',
      '--http2',
      '-w',
      '%{http_version}',
      '--resolve',
      `one.example.org:${T}:127.0.0.1`,
      `https://one.example.org:${T}/`,
    );
    await show(
      'ws',
      '-i',
      '-H',
      'Connection: Upgrade',
      '-H',
      'Upgrade: websocket',
      '-H',
      'Sec-WebSocket-Version: 13',
      '-H',
      'Sec-WebSocket-Key: x',
      ...H,
      `${u}/match`,
    );
  } finally {
    e.kill();
    console.log(log);
    console.log(out.join('\n'));
    for (const {s} of bs) {
      s.closeAllConnections();
      s.close();
    }
  }
  expect(1).toBe(1);
}, 60_000);
