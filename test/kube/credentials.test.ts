import {chmodSync} from 'node:fs';
import {afterEach, describe, expect, it} from 'vitest';
import {type Access, cacheAccess, type Credentials, CredentialsError} from '../../src/kube/credentials.ts';
import {ApiError} from '../../src/kube/client.ts';
import {createKubeClient} from '../../src/kube/kube-client.ts';
import {loadCredentials} from '../../src/kube/load-credentials.ts';
import {ecCertificate, ecKey} from '../api/test-certificates.ts';
import {testFolder} from '../files/folder.ts';
import {FaultServer} from './fault-server.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('credentials', () => {
  const folders: Disposable[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) folder[Symbol.dispose]();
  });
  const folder = (files: Readonly<Record<string, string>>): ReturnType<typeof testFolder> => {
    const made = testFolder();
    folders.push(made);
    for (const [name, text] of Object.entries(files)) made.write(name, text);
    return made;
  };
  const config = (user: unknown, cluster: object = {}): string =>
    JSON.stringify({
      'current-context': 'here',
      contexts: [
        {name: 'there', context: {cluster: 'other', user: 'u', namespace: 'n2'}},
        {name: 'here', context: {cluster: 'c', user: 'u', namespace: 'n1'}},
      ],
      clusters: [
        {name: 'c', cluster: {server: 'https://10.0.0.1:6443/', ...cluster}},
        {name: 'other', cluster: {server: 'http://127.0.0.1:8001'}},
      ],
      users: [{name: 'u', user}],
    });
  const kubeconfig = (text: string, files: Readonly<Record<string, string>> = {}): Credentials =>
    loadCredentials({kubeconfig: folder({config: text, ...files}).at('config')});
  const access = async (credentials: Credentials, why: 'due' | 'refused' = 'due'): Promise<Access> =>
    credentials.read(why);

  describe('of a kubeconfig', () => {
    it('are those of its current context', async () => {
      const credentials = kubeconfig(config({token: 't1'}, {'certificate-authority-data': base64('CA')}));
      expect(credentials).toMatchObject({server: 'https://10.0.0.1:6443', namespace: 'n1'});
      expect(await access(credentials)).toEqual({tls: {ca: 'CA'}, headers: {authorization: 'Bearer t1'}});
    });

    it('are those of another context where one is named', async () => {
      const file = folder({config: config({username: 'me', password: 'pw'})}).at('config');
      const credentials = loadCredentials({kubeconfig: file, context: 'there'});
      expect(credentials).toMatchObject({server: 'http://127.0.0.1:8001', namespace: 'n2'});
      expect(await access(credentials)).toEqual({tls: {}, headers: {authorization: `Basic ${base64('me:pw')}`}});
    });

    it('come from files beside it, read anew each time', async () => {
      const made = folder({
        config: config(
          {
            tokenFile: 'tokens/mine',
            'client-certificate': 'cert.pem',
            'client-key': 'key.pem',
            as: 'bob',
            'as-uid': '7',
          },
          {'certificate-authority': 'ca.pem', 'tls-server-name': 'api', 'insecure-skip-tls-verify': true},
        ),
        'tokens/mine': ' t1\n',
        'cert.pem': 'CERT',
        'key.pem': 'KEY',
        'ca.pem': 'CA',
      });
      const credentials = loadCredentials({kubeconfig: made.at('config')});
      const tls = {ca: 'CA', cert: 'CERT', key: 'KEY', servername: 'api', rejectUnauthorized: false};
      const impersonation = {'impersonate-user': 'bob', 'impersonate-uid': '7'};
      expect(await access(credentials)).toEqual({tls, headers: {authorization: 'Bearer t1', ...impersonation}});
      made.write('tokens/mine', 't2');
      made.write('cert.pem', 'CERT2');
      expect(await access(credentials)).toEqual({
        tls: {...tls, cert: 'CERT2'},
        headers: {authorization: 'Bearer t2', ...impersonation},
      });
    });

    it('of several files are merged: the first that says something counts', async () => {
      const made = folder({
        one: JSON.stringify({contexts: [{name: 'here', context: {cluster: 'c', user: 'mine'}}]}),
        two: config({token: 'of the file'}),
        three: JSON.stringify({users: [{name: 'mine', user: {token: 'of three'}}], 'current-context': 'there'}),
      });
      const KUBECONFIG = ['one', 'missing', 'two', 'three'].map(made.at).join(':');
      const credentials = loadCredentials({}, {env: {KUBECONFIG}, folder: made.at('none'), home: made.at('none')});
      expect(credentials.server).toBe('https://10.0.0.1:6443');
      expect(credentials.namespace).toBeUndefined();
      expect((await access(credentials)).headers).toEqual({authorization: 'Bearer of three'});
    });

    it.each([
      ['no kubeconfig', 'list', ': is no kubeconfig'],
      ['{', 'broken YAML', ': cannot be read as a kubeconfig: '],
      ['{}', 'nothing', ': no current-context'],
      ['{current-context: a, contexts: {}}', 'no list', ': contexts: must be a list'],
      ['{current-context: a, contexts: []}', 'no context', ': contexts: there is no entry named "a"'],
      [
        config({}).replace('"https://10.0.0.1:6443/"', '"10.0.0.1:6443"'),
        'no URL',
        ': clusters["c"].cluster.server: must be a URL such as https://host:6443, is "10.0.0.1:6443"',
      ],
      [
        config({}).replace('"https://10.0.0.1:6443/"', '7'),
        'number',
        ': clusters["c"].cluster.server: must be a string',
      ],
      [config({}, {'proxy-url': 'http://p'}), 'proxy', ': clusters["c"].cluster.proxy-url: is not supported'],
    ])('that cannot be used say why: %s', (text, _, message) => {
      expect(() => kubeconfig(text)).toThrow(CredentialsError);
      expect(() => kubeconfig(text)).toThrow(message);
    });

    it.each([
      [{tokenFile: 'nowhere'}, 'users["u"].user.tokenFile: '],
      [{'client-certificate-data': base64('C')}, 'users["u"].user: client-certificate and client-key go together'],
      [{token: 'x', 'as-groups': ['a']}, 'users["u"].user.as-groups: is not supported'],
      [{exec: {command: '/does/not/exist', args: []}}, 'users["u"].user: no credentials: spawn /does/not/exist ENOENT'],
      [{exec: {command: '/bin/sh', args: ['-c', 'echo no luck >&2; exit 3']}}, 'no credentials: no luck'],
    ])('whose user cannot be used say why: %j', async (user, message) => {
      const credentials = kubeconfig(config(user));
      const reading = (async () => access(credentials))();
      await expect(reading).rejects.toThrow(CredentialsError);
      await expect(reading).rejects.toThrow(message);
    });

    it('come from a program, which is asked again when they have ended or are refused', async () => {
      const made = folder({count: '0'});
      // Each run counts; what it gives is good for an hour.
      made.write(
        'give.sh',
        `#!/bin/sh
count=$(($(cat ${made.at('count')}) + 1)); echo $count > ${made.at('count')}
echo '{"kind": "ExecCredential", "status": {"token": "'$MARK-$count'", "clientCertificateData": "CERT", "clientKeyData": "KEY", "expirationTimestamp": "'$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)'"}}'
`,
      );
      chmodSync(made.at('give.sh'), 0o755);
      made.write(
        'config',
        config(
          {exec: {command: made.at('give.sh'), args: [], env: [{name: 'MARK', value: 'run'}]}},
          {'certificate-authority-data': base64('CA')},
        ),
      );
      const credentials = loadCredentials({kubeconfig: made.at('config')});
      const first = await access(credentials);
      expect(first).toEqual({tls: {ca: 'CA', cert: 'CERT', key: 'KEY'}, headers: {authorization: 'Bearer run-1'}});
      expect(await access(credentials)).toEqual(first);
      expect((await access(credentials, 'refused')).headers).toEqual({authorization: 'Bearer run-2'});
    });
  });

  describe('of a Pod', () => {
    const environment = (files: Readonly<Record<string, string>>, host = '10.96.0.1') => {
      const made = folder(files);
      return {
        env: {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: '443'},
        folder: made.path,
        home: made.at('home'),
        made,
      };
    };

    it('are what is mounted, read anew each time', async () => {
      const {made, ...pod} = environment({token: 't1\n', 'ca.crt': 'CA', namespace: 'sluice-system'});
      const credentials = loadCredentials({}, pod);
      expect(credentials).toMatchObject({server: 'https://10.96.0.1:443', namespace: 'sluice-system'});
      expect(await access(credentials)).toEqual({tls: {ca: 'CA'}, headers: {authorization: 'Bearer t1'}});
      made.write('token', 't2');
      expect((await access(credentials)).headers).toEqual({authorization: 'Bearer t2'});
    });

    it('may have an IPv6 address, and stand behind KUBECONFIG but before the file of a user', () => {
      const {made, ...pod} = environment(
        {token: 't', 'ca.crt': 'CA', 'home/.kube/config': config({}), other: config({})},
        'fd00::1',
      );
      expect(loadCredentials({}, pod).server).toBe('https://[fd00::1]:443');
      expect(loadCredentials({}, {...pod, env: {...pod.env, KUBECONFIG: made.at('other')}}).server).toBe(
        'https://10.0.0.1:6443',
      );
      expect(loadCredentials({}, {...pod, env: {}}).server).toBe('https://10.0.0.1:6443');
    });

    it('are looked for in vain: what was looked for is said', () => {
      const nowhere = {env: {}, folder: '/nowhere', home: '/home/none'};
      expect(() => loadCredentials({}, nowhere)).toThrow(
        'no cluster to talk to: KUBECONFIG is not set, this is no Pod of a cluster, and there is no /home/none/.kube/config',
      );
      expect(() => loadCredentials({}, {...nowhere, env: {KUBECONFIG: '/a:/b'}})).toThrow(
        'KUBECONFIG: no such file: /a, /b',
      );
    });
  });

  describe('in use', () => {
    it('are read every half minute, once for all who ask', async () => {
      let now = 0;
      let reads = 0;
      const clock = {now: () => now, date: () => new Date(), after: () => () => {}};
      const read = async (): Promise<Access> => ({tls: {}, headers: {authorization: String(++reads)}});
      const cache = cacheAccess({server: 'https://a', read}, clock);
      const all = await Promise.all([cache.current(), cache.current(), cache.current()]);
      expect(all.map(({headers}) => headers['authorization'])).toEqual(['1', '1', '1']);
      now = 29_999;
      expect((await cache.current()).headers['authorization']).toBe('1');
      now = 30_000;
      expect((await cache.current()).headers['authorization']).toBe('2');
    });

    it('that are refused are read again, once for all who were refused', async () => {
      const server = await FaultServer.start();
      server.serve('/api/v1/things');
      let token = 'old';
      let reads = 0;
      const credentials: Credentials = {
        ...server.credentials(),
        read: async () => {
          reads++;
          return {tls: (await server.credentials().read('due')).tls, headers: {authorization: token}};
        },
      };
      const client = createKubeClient(credentials, {version: '1'});
      server.fault = ({headers}) =>
        headers['authorization'] === 'new' ? undefined : {is: 'status', status: 401, reason: 'Unauthorized'};
      const get = (): Promise<unknown> => client.request({method: 'GET', path: '/api/v1/things'});

      await expect(get()).rejects.toThrow(ApiError);
      await expect(get()).rejects.toThrow('401 Unauthorized');
      // Refused right after it was read: that it is read again at once would help nobody.
      expect(reads).toBe(1);
      token = 'new';
      await new Promise((resolve) => void setTimeout(resolve, 1_050));
      const answers = await Promise.all([get(), get(), get()]);
      expect(answers).toHaveLength(3);
      expect(reads).toBe(2);
      client.close();
      await server.close();
    });

    it('that change are used by new connections; what is under way stays', async () => {
      const server = await FaultServer.start();
      server.serve('/api/v1/things');
      let now = 0;
      let identity = {};
      const credentials: Credentials = {
        ...server.credentials(),
        read: async () => {
          const {tls, headers} = await server.credentials().read('due');
          return {tls: {...tls, ...identity}, headers};
        },
      };
      const clock = {now: () => now, date: () => new Date(), after: () => () => {}};
      const client = createKubeClient(credentials, {version: '1', clock});
      const lines: string[] = [];
      const watching = (async () => {
        const query = {watch: 'true', resourceVersion: '1000'};
        for await (const line of client.lines({path: '/api/v1/things', query})) lines.push(String(line));
      })();
      await client.request({method: 'GET', path: '/api/v1/things'});
      identity = {cert: ecCertificate, key: ecKey};
      now = 31_000;
      await client.request({method: 'GET', path: '/api/v1/things'});
      await client.request({method: 'GET', path: '/api/v1/things'});
      expect(server.requests.map(({connection}) => connection)).toEqual([1, 1, 2, 2]);
      server.store.put('/api/v1/things', {name: 'a'});
      for (const reply of server.watches.keys()) reply.end();
      await watching;
      expect(lines).toHaveLength(1);
      client.close();
      await server.close();
    });

    it('that cannot be read now are a server that cannot be asked now', async () => {
      const read = (): Access => {
        throw new CredentialsError('/token cannot be read');
      };
      const client = createKubeClient({server: 'https://127.0.0.1:1', read}, {version: '1'});
      const asking = client.request({method: 'GET', path: '/api'});
      await expect(asking).rejects.toThrow('GET /api at https://127.0.0.1:1: /token cannot be read');
      await expect(asking).rejects.toMatchObject({name: 'ConnectionError'});
      client.close();
    });
  });
});
