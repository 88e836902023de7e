/** A certificate in files that somebody else replaces, such as a mounted Secret of cert-manager. */
import {readFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {createSecureContext} from 'node:tls';
import {certificateProblem} from '../api/certificate.ts';
import {FolderWatch} from '../files/folder-watch.ts';
import {readFault} from '../files/read-file.ts';
import {type Clock, systemClock} from '../kube/clock.ts';
import {isVouchedFor, joinPem, readCertificates} from './certificates.ts';
import {
  reasonOf,
  type ServedTrust,
  silentLog,
  TrustError,
  type TrustSource,
  type TrustSourceOptions,
} from './trust-source.ts';

export type FileTrustOptions = TrustSourceOptions & {
  /** `tls.crt`, `tls.key` and `ca.crt` of a Secret, wherever they are mounted. */
  readonly certificateFile: string;
  readonly keyFile: string;
  /** What proxies check the certificate with. */
  readonly caFile: string;
  /** What the certificates of proxies are checked with, where they have to show one. */
  readonly clientCaFile?: string;
  /** Time after an event of the file system before the files are read, for others to follow; 100 by default. */
  readonly debounceMs?: number;
  /** They are read that often, for what no event told of; 60,000 by default. */
  readonly pollMs?: number;
};

/** Files are replaced one after the other: what does not fit together now may do so a moment later. */
const SECOND_LOOK_MS = 1_000;

/** `start` rejects with TrustError where the files cannot be served; later what was good stays until they can. */
export function createFileTrust(options: FileTrustOptions): TrustSource {
  const {onTrust, log = silentLog, clock = systemClock, debounceMs = 100, pollMs = 60_000} = options;
  const files = {
    certificate: resolve(options.certificateFile),
    key: resolve(options.keyFile),
    ca: resolve(options.caFile),
    ...(options.clientCaFile !== undefined && {clientCa: resolve(options.clientCaFile)}),
  };
  // The kubelet swaps a link beside the files, so it is the folder that is watched.
  const folders = new Map(Object.values(files).map((file) => [dirname(file), undefined]));
  let served = '';
  let lastProblem: string | undefined;
  let isStopped = false;
  const soon = timer(clock);
  const secondLook = timer(clock);
  const nextPoll = timer(clock);

  /** Undefined, or what is wrong. */
  const look = (): string | undefined => {
    const found = read(files);
    if (typeof found === 'string') return found;
    const text = JSON.stringify(found);
    if (text === served) return undefined;
    served = text;
    onTrust(found);
    warnOfTimes(found);
    return undefined;
  };
  const warnOfTimes = ({material}: ServedTrust): void => {
    const [leaf] = readCertificates(material.certificate);
    if (leaf === undefined) return;
    const fields = {file: files.certificate, from: leaf.validFrom, to: leaf.validTo};
    const now = clock.date().getTime();
    if (now > Date.parse(leaf.validTo)) log.error(fields, 'the certificate of the xDS server has expired');
    else if (now < Date.parse(leaf.validFrom)) log.warn(fields, 'the certificate of the xDS server is not valid yet');
    else log.info(fields, 'certificate of the xDS server read');
    // agentgateway refuses it even where it is what it is told to trust.
    if (leaf.ca) log.warn(fields, 'the certificate of the xDS server is one of an authority; some proxies refuse that');
  };
  const lookAgain = (): void => {
    const problem = look();
    if (problem === undefined) lastProblem = undefined;
    else if (problem !== lastProblem) {
      lastProblem = problem;
      log.error({problem}, 'the certificate of the xDS server stays as it is');
    }
  };
  const lookTwice = (): void => {
    if (look() === undefined) lastProblem = undefined;
    else secondLook.begin(SECOND_LOOK_MS, lookAgain);
  };
  const watch = new FolderWatch({
    onEvent: () => soon.begin(debounceMs, lookTwice),
    onFault: (text) => log.warn({}, text),
  });
  const poll = (): void => {
    watch.watchOnly(folders);
    lookTwice();
    nextPoll.begin(pollMs, poll);
  };

  return {
    async start() {
      watch.watchOnly(folders);
      let problem = look();
      if (problem !== undefined) {
        await new Promise<void>((done) => clock.after(SECOND_LOOK_MS, done));
        problem = look();
      }
      if (isStopped) throw new TrustError('it was stopped before there was a certificate');
      if (problem !== undefined) {
        watch.close();
        throw new TrustError(problem);
      }
      nextPoll.begin(pollMs, poll);
    },
    stop() {
      isStopped = true;
      watch.close();
      for (const each of [soon, secondLook, nextPoll]) each.end();
      return Promise.resolve();
    },
  };
}

/** Runs once at a time: what begins it again meanwhile does not put it off, or a busy folder would do so for ever. */
function timer(clock: Clock): {begin(ms: number, run: () => void): void; end(): void} {
  let cancel: (() => void) | undefined;
  return {
    begin: (ms, run) => {
      cancel ??= clock.after(ms, () => {
        cancel = undefined;
        run();
      });
    },
    end: () => cancel?.(),
  };
}

type Files = {readonly certificate: string; readonly key: string; readonly ca: string; readonly clientCa?: string};

/** Texts that fit together, or what is wrong with them. */
function read(files: Files): ServedTrust | string {
  const texts = new Map<string, string>();
  for (const file of Object.values(files)) {
    try {
      texts.set(file, readFileSync(file, 'utf8'));
    } catch (error) {
      return `${file}: ${readFault(error)}`;
    }
  }
  const text = (file: string): string => texts.get(file) ?? '';
  const material = {certificate: text(files.certificate), key: text(files.key)};
  const problem = certificateProblem(material.certificate, material.key);
  if (problem !== undefined) return `${files.certificate}, ${files.key}: ${problem}`;
  try {
    createSecureContext({cert: material.certificate, key: material.key});
  } catch (error) {
    return `${files.certificate}, ${files.key}: OpenSSL does not take them: ${reasonOf(error)}`;
  }
  let file = files.ca;
  try {
    const authorities = readCertificates(text(files.ca));
    if (authorities.length === 0) return `${files.ca}: there is no certificate in it`;
    file = files.certificate;
    if (!isVouchedFor(readCertificates(material.certificate), authorities)) {
      return `${files.certificate}: it is not signed by a certificate of ${files.ca}, so proxies would refuse it`;
    }
    if (files.clientCa !== undefined) {
      file = files.clientCa;
      if (readCertificates(text(file)).length === 0) return `${file}: there is no certificate in it`;
    }
    return {
      material: {...material, ...(files.clientCa !== undefined && {clientCa: text(files.clientCa)})},
      bundle: joinPem(authorities.map(String)),
    };
  } catch (error) {
    return `${file}: it holds a malformed certificate: ${reasonOf(error)}`;
  }
}
