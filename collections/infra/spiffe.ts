import type {AgentgatewayParametersSpec} from '../../src/api/agentgateway-parameters.ts';
import type {JsonObject} from '../../src/api/json.ts';

/** The socket of a SPIFFE agent, where a proxy gets its identity. */
export type SpiffeSocket = {readonly endpoint: string; readonly volume: JsonObject; readonly volumeMount: JsonObject};

const volumeName = 'spiffe-workload-api';

export function spiffeSocket(wanted: AgentgatewayParametersSpec['spiffe']): SpiffeSocket | undefined {
  if (wanted === undefined || wanted.enabled === false) return undefined;
  const {csi, hostPath, mountPath = `/${volumeName}`, socketName = 'spire-agent.sock'} = wanted.source ?? {};
  const source: JsonObject =
    hostPath === undefined
      ? {csi: {driver: csi?.driver ?? 'csi.spiffe.io', readOnly: true}}
      : {hostPath: {path: hostPath.path, type: 'Directory'}};
  return {
    endpoint: `unix://${mountPath.replace(/\/+$/, '')}/${socketName}`,
    volume: {name: volumeName, ...source},
    volumeMount: {name: volumeName, mountPath, readOnly: true},
  };
}
