import {dump} from 'js-yaml';
import type {AgentgatewayParametersSpec} from '../../src/api/agentgateway-parameters.ts';
import {deepMerge, type JsonObject} from '../../src/api/json.ts';
import type {SpiffeSocket} from './spiffe.ts';

/** The configuration file of an agentgateway proxy, in YAML: what the parameters say as it is, and what they mean. */
export function agentgatewayConfig(
  {rawConfig = {}, logging}: AgentgatewayParametersSpec,
  spiffe: SpiffeSocket | undefined,
): string {
  const meant: JsonObject = {
    ...(logging?.format !== undefined && {logging: {format: logging.format}}),
    ...(spiffe && {spiffe: {endpoint: spiffe.endpoint}}),
  };
  const config = Object.keys(meant).length === 0 ? rawConfig : deepMerge(rawConfig, {config: meant});
  const file = Object.keys(config).length === 0 ? {config: {}} : config;
  return dump(file, {sortKeys: true, seqNoIndent: true, lineWidth: -1, noRefs: true});
}
