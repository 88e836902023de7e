/** Texts of manifests. */
import {sha256} from '@noble/hashes/sha2.js';
import {bytesToHex, utf8ToBytes} from '@noble/hashes/utils.js';
import type {ImageParameters} from '../../src/api/agentgateway-parameters.ts';
import type {Image} from '../settings.ts';

/** SHA-256 in hexadecimal digits: an annotation of it on Pods starts them anew when the text changes. */
export const checksum = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

/** `registry/repository:tag@digest` without the parts that are empty; on one line, whatever the parts are like. */
export function imageReference(standard: Image, wanted: ImageParameters = {}): string {
  const {registry, repository, tag, digest = ''} = {...standard, ...wanted};
  const parts = [
    registry === '' ? '' : `${registry}/`,
    repository,
    tag === '' ? '' : `:${tag}`,
    digest === '' ? '' : `@${digest}`,
  ];
  return parts.join('').replaceAll(/\s+/g, ' ');
}
