/**
 * Broken manifests, each with the line(s) it must print: one file each, all of them in one folder together with good
 * ones, and none of them stops anything.
 */
import type {BadManifest} from './bad-manifest.ts';
import {BAD_OBJECTS} from './bad-objects.ts';
import {BAD_SYNTAX} from './bad-syntax.ts';

export const BAD_MANIFESTS: readonly BadManifest[] = [...BAD_SYNTAX, ...BAD_OBJECTS];
