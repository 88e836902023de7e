/**
 * TLS credentials of a grpc-js server whose certificate can be replaced at any time: handshakes from then on get the new
 * one, connections live on. One port speaks either TLS or cleartext; a server that is to have both listens twice.
 */
import {ServerCredentials} from '@grpc/grpc-js';
import {createPrivateKey, type KeyObject, X509Certificate} from 'node:crypto';
import {createSecureContext, type SecureContextOptions} from 'node:tls';

/** All of it PEM. */
export type TlsMaterial = {
  /** The certificate of the server, and after it those that lead to its authority, if any. */
  readonly certificate: string;
  readonly key: string;
  /** What certificates of clients are checked with; only where clients have to show one. */
  readonly clientCa?: string;
};

/** What is served; nothing in it is secret. */
export type TlsView = {
  readonly subject: string;
  /** `DNS:a.example, IP Address:10.0.0.1`. */
  readonly names: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256, in hexadecimal digits between colons. */
  readonly fingerprint: string;
};

export type TlsCredentialsOptions = {
  /** Clients have to show a certificate too. This cannot be changed later. */
  readonly clientCertificates?: boolean;
};

export type TlsCredentials = {
  /** For XdsServerOptions. Until there is material, whoever connects is cut off. */
  readonly credentials: ServerCredentials;
  /** Serves it from now on. Where it cannot be served everything stays as it was, and what is returned says why. */
  set(material: TlsMaterial): string | undefined;
  view(): TlsView | undefined;
};

export function createTlsCredentials({clientCertificates = false}: TlsCredentialsOptions = {}): TlsCredentials {
  const credentials = new ReplaceableCredentials(clientCertificates);
  let view: TlsView | undefined;
  return {
    credentials,
    set(material) {
      const checked = check(material, clientCertificates);
      if (typeof checked === 'string') return checked;
      credentials.replace(checked.options);
      view = checked.view;
      return undefined;
    },
    view: () => view,
  };
}

/**
 * What `createSsl` makes cannot be changed from outside, and the experimental credentials that ask a provider take their
 * arguments in another order than they are declared and miss what a provider says at once. What both of them do is public.
 */
class ReplaceableCredentials extends ServerCredentials {
  constructor(clientCertificates: boolean) {
    super({requestCert: clientCertificates, rejectUnauthorized: clientCertificates});
  }

  replace(options: SecureContextOptions): void {
    this.updateSecureContextOptions(options);
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }
}

type Checked = {readonly options: SecureContextOptions; readonly view: TlsView};

/** Checked before it is handed over: a context that cannot be made would make grpc-js cut off every new connection. */
function check({certificate, key, clientCa}: TlsMaterial, clientCertificates: boolean): Checked | string {
  const leaf = attempt(() => new X509Certificate(certificate));
  if (leaf === undefined) return 'the certificate is not an X.509 certificate in PEM';
  const secret = attempt<KeyObject>(() => createPrivateKey(key));
  if (secret === undefined) return 'the key is not a private key in PEM, or it is encrypted';
  if (!leaf.checkPrivateKey(secret)) return 'the private key does not fit the certificate';
  // Without this, any authority that Node.js knows could vouch for a client.
  if (clientCertificates && clientCa === undefined) return 'the authority of the clients is missing';
  if (clientCa !== undefined && attempt(() => new X509Certificate(clientCa)) === undefined) {
    return 'the authority of the clients is not an X.509 certificate in PEM';
  }
  const options = {cert: certificate, key, ...(clientCa !== undefined && {ca: clientCa})};
  try {
    createSecureContext(options);
  } catch (error) {
    return `OpenSSL does not take it: ${error instanceof Error ? error.message : String(error)}`;
  }
  return {
    options,
    view: {
      subject: leaf.subject.replaceAll('\n', ', '),
      names: leaf.subjectAltName ?? '',
      notBefore: new Date(leaf.validFrom),
      notAfter: new Date(leaf.validTo),
      fingerprint: leaf.fingerprint256,
    },
  };
}

/** Undefined where it throws; messages of OpenSSL say nothing that helps. */
function attempt<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
