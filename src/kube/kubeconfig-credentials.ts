/**
 * Credentials of a kubeconfig. Tokens, certificates, passwords and impersonation are read here; programs and
 * identity providers are left to the Kubernetes client for JavaScript, which takes most of a second to load.
 */
import type {ClientNodeUser} from './client-node-user.ts';
import {type Access, type Credentials, CredentialsError} from './credentials.ts';
import {type Entry, fileAt, isTrueAt, type KubeContext, readContext, textAt} from './kubeconfig.ts';
import type {TlsMaterial} from './wire.ts';

export type KubeconfigOptions = {
  /** One file, or several as in the variable KUBECONFIG. */
  readonly files: readonly string[];
  /** The current one by default. */
  readonly context?: string;
};

/** Throws CredentialsError. The server stays; everything else is read anew each time. */
export function kubeconfigCredentials({files, context: wanted}: KubeconfigOptions): Credentials {
  const {cluster, namespace} = readContext(files, wanted);
  let user: {readonly text: string; readonly of: ClientNodeUser} | undefined;
  const server = serverOf(cluster);
  return {
    server,
    ...(namespace !== undefined && {namespace}),
    read: (why) => {
      const context = readContext(files, wanted);
      const access = accessOf(context);
      const {fields} = context.user;
      if (!isGiven(fields['exec']) && !isGiven(fields['auth-provider'])) return access;
      return withUser(access, context.user, why === 'refused');
    },
  };

  /** Programs (`exec`) and OIDC. They keep what they were given until it ends, so they stay from one reading to the next. */
  async function withUser(access: Access, {fields, file, at}: Entry, isRefused: boolean): Promise<Access> {
    const text = JSON.stringify(fields);
    if (user?.text !== text || (isRefused && isGiven(fields['exec']))) {
      const {clientNodeUser} = await import('./client-node-user.ts');
      user = {text, of: clientNodeUser(fields)};
    }
    try {
      const more = await user.of.read();
      return {tls: {...access.tls, ...more.tls}, headers: {...access.headers, ...more.headers}};
    } catch (error) {
      throw new CredentialsError(
        `${file}: ${at}: no credentials: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

function serverOf(cluster: Entry): string {
  const server = textAt(cluster, 'server');
  const place = `${cluster.file}: ${cluster.at}`;
  if (server === undefined) throw new CredentialsError(`${place}.server: is required`);
  if (!/^https?:\/\/./.test(server) || !URL.canParse(server)) {
    throw new CredentialsError(
      `${place}.server: must be a URL such as https://host:6443, is ${JSON.stringify(server)}`,
    );
  }
  if (textAt(cluster, 'proxy-url') !== undefined) {
    throw new CredentialsError(`${place}.proxy-url: is not supported`);
  }
  return server.replace(/\/+$/, '');
}

function accessOf({cluster, user}: KubeContext): Access {
  return {
    tls: {...trustOf(cluster), ...identityOf(user)},
    headers: {...authorizationOf(user), ...impersonationOf(user)},
  };
}

function trustOf(cluster: Entry): TlsMaterial {
  const ca = dataAt(cluster, 'certificate-authority-data') ?? fileAt(cluster, 'certificate-authority');
  const servername = textAt(cluster, 'tls-server-name');
  return {
    ...(ca !== undefined && {ca}),
    ...(servername !== undefined && {servername}),
    ...(isTrueAt(cluster, 'insecure-skip-tls-verify') && {rejectUnauthorized: false}),
  };
}

function identityOf(user: Entry): TlsMaterial {
  const cert = dataAt(user, 'client-certificate-data') ?? fileAt(user, 'client-certificate');
  const key = dataAt(user, 'client-key-data') ?? fileAt(user, 'client-key');
  if ((cert === undefined) !== (key === undefined)) {
    throw new CredentialsError(`${user.file}: ${user.at}: client-certificate and client-key go together`);
  }
  return {...(cert !== undefined && {cert}), ...(key !== undefined && {key})};
}

function authorizationOf(user: Entry): Record<string, string> {
  const token = fileAt(user, 'tokenFile')?.trim() ?? textAt(user, 'token');
  if (token !== undefined) return {authorization: `Bearer ${token}`};
  const username = textAt(user, 'username');
  if (username === undefined) return {};
  const pair = `${username}:${textAt(user, 'password') ?? ''}`;
  return {authorization: `Basic ${Buffer.from(pair).toString('base64')}`};
}

function impersonationOf(user: Entry): Record<string, string> {
  for (const field of ['as-groups', 'as-user-extra']) {
    if (user.fields[field] !== undefined) {
      throw new CredentialsError(`${user.file}: ${user.at}.${field}: is not supported`);
    }
  }
  const name = textAt(user, 'as');
  const uid = textAt(user, 'as-uid');
  return {
    ...(name !== undefined && {'impersonate-user': name}),
    ...(uid !== undefined && {'impersonate-uid': uid}),
  };
}

/** base64 in the file, PEM here. */
function dataAt(entry: Entry, field: string): string | undefined {
  const data = textAt(entry, field);
  return data === undefined ? undefined : Buffer.from(data, 'base64').toString('utf8');
}
