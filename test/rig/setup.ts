/** Before the tests that need a cluster: its servers are built, or taken from the cache. */
import type {TestProject} from 'vitest/node';
import {ensureBinaries, type ControlPlaneBinaries} from './binaries.ts';
import {whyNotHere} from './requirements.ts';

export type ProvidedRig = {readonly controlPlane: ControlPlaneBinaries} | {readonly missing: string};

declare module 'vitest' {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only interfaces can be added to
  export interface ProvidedContext {
    /** The servers of a cluster, by what the cluster has to be; or why there can be none. */
    rig: {readonly loopback: ProvidedRig; readonly pods: ProvidedRig};
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const built = await build();
  const provide = (mode: 'loopback' | 'pods'): ProvidedRig => {
    const reason = whyNotHere(mode);
    return reason === undefined ? built : {missing: reason};
  };
  const rig = {loopback: provide('loopback'), pods: provide('pods')};
  for (const [mode, provided] of Object.entries(rig)) {
    if ('missing' in provided && process.env['CI'] === 'true') {
      throw new Error(`tests need a cluster (${mode}): ${provided.missing}`);
    }
  }
  project.provide('rig', rig);
}

async function build(): Promise<ProvidedRig> {
  const reason = whyNotHere('loopback');
  if (reason !== undefined) return {missing: reason};
  const binaries = await ensureBinaries({parts: ['control-plane'], log: (line) => console.log(line)});
  if ('missing' in binaries) return binaries;
  const {controlPlane} = binaries;
  return controlPlane === undefined ? {missing: 'the control plane was not built'} : {controlPlane};
}
