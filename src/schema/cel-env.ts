/**
 * The CEL environment of CRD rules: the standard library, the strings extension and those of the Kubernetes
 * libraries that the rules of Gateway API call (https://kubernetes.io/docs/reference/using-api/cel/).
 */
import {isIP} from 'node:net';
import {CelScalar, celEnv, celFunc, celList, celMethod, listType, mapType} from '@bufbuild/cel';
import {strings} from '@bufbuild/cel/ext';
import {patternOf} from './patterns.ts';

/** What `format.dns1123Subdomain()` returns: a map that `validate` recognises. */
const FORMAT = mapType(CelScalar.STRING, CelScalar.STRING);
/** What `validate` returns: a list of zero or one entries stands for the optional list of messages. */
const MESSAGES = listType(CelScalar.STRING);

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const FORMATS: Readonly<Record<string, {readonly pattern: RegExp; readonly max: number}>> = {
  dns1123Label: {pattern: new RegExp(`^${LABEL}$`), max: 63},
  dns1123Subdomain: {pattern: new RegExp(`^${LABEL}(\\.${LABEL})*$`), max: 253},
  dns1035Label: {pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, max: 63},
};

export const celEnvironment = celEnv({
  re2: {compile: patternOf}, // its own engine compiles the pattern at every evaluation
  variables: {self: CelScalar.DYN},
  funcs: [
    ...strings,
    celFunc('isIP', [CelScalar.STRING], CelScalar.BOOL, (text) => isIP(text) !== 0),
    ...Object.keys(FORMATS).map((name) => celFunc(`format.${name}`, [], FORMAT, () => new Map([['format', name]]))),
    celMethod('validate', FORMAT, [CelScalar.STRING], MESSAGES, function validate(text) {
      const name = this.get('format');
      const format = typeof name === 'string' ? FORMATS[name] : undefined;
      if (format === undefined) throw new Error('no such format');
      return celList(text.length <= format.max && format.pattern.test(text) ? [] : ['does not match the format']);
    }),
    celMethod('hasValue', MESSAGES, [], CelScalar.BOOL, function hasValue() {
      return this.size > 0;
    }),
  ],
});
