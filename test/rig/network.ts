/**
 * Network namespaces of a rig: one for the node, with a bridge, and one for each Pod, with a veth pair into that bridge. No
 * address of theirs exists outside of them. Needs root.
 */
import {spawn} from 'node:child_process';
import {readdirSync, readlinkSync, statSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

/** Of the node on its bridge; the gateway of the Pods. */
export const nodeAddress = '10.244.0.1';
export const podSubnet = '10.244.0.0/16';
/** Of load balancers. On the same bridge, so that nothing has to be routed. */
export const gatewaySubnet = '10.245.0.0/16';

const bridge = 'cni0';
const folder = '/run/netns';

/** `id`: of the rig; two rigs do not see each other. */
export const nodeNamespace = (id: string): string => `sluice-${id}`;
/** Named by its address, so that who knows the Pod's status knows the namespace. */
export const podNamespace = (id: string, address: string): string => `sluice-${id}-${address}`;

/**
 * What a command line begins with to run in the namespace. It executes the rest: the pid is that of the program. Unlike
 * `ip netns exec` it leaves the mounts alone, so that namespaces made from there can be seen by all.
 */
export const inNamespace = (namespace: string): readonly string[] => [
  'nsenter',
  `--net=${join(folder, namespace)}`,
  '--',
];

export async function createNode(id: string): Promise<void> {
  const namespace = nodeNamespace(id);
  await ip([`netns add ${namespace}`]);
  await ip(
    [
      'link set lo up',
      `link add ${bridge} type bridge`,
      `addr add ${nodeAddress}/16 dev ${bridge}`,
      `link set ${bridge} up`,
      `route add ${gatewaySubnet} dev ${bridge}`,
    ],
    namespace,
  );
}

/** `link`: the name of the Pod's end at the bridge, at most 15 characters. Leaves nothing behind where it rejects. */
export async function createPod(id: string, address: string, link: string): Promise<void> {
  const namespace = podNamespace(id, address);
  try {
    await ip([`netns add ${namespace}`]);
    await ip(
      [`link add ${link} type veth peer name eth0 netns ${namespace}`, `link set ${link} master ${bridge} up`],
      nodeNamespace(id),
    );
    await ip(
      [
        'link set lo up',
        `addr add ${address}/16 dev eth0`,
        'link set eth0 up',
        `route add ${gatewaySubnet} dev eth0`,
        `route add default via ${nodeAddress}`,
      ],
      namespace,
    );
  } catch (error) {
    await removePod(id, address);
    throw error;
  }
}

/** Gives the Pod a second address. */
export async function addAddress(id: string, pod: string, address: string): Promise<void> {
  await ip([`addr add ${address}/32 dev eth0`], podNamespace(id, pod));
  // Who has spoken to the former owner of the address remembers its link address for half a minute.
  for (const namespace of namespacesOf(id)) {
    const device = namespace === nodeNamespace(id) ? bridge : 'eth0';
    await ip([`neigh flush to ${address} dev ${device}`], namespace).catch(() => {}); // a Pod that goes just now
  }
}

/** Does nothing where the Pod is gone, and with it the address. */
export async function removeAddress(id: string, pod: string, address: string): Promise<void> {
  if (namespacesOf(id).includes(podNamespace(id, pod))) {
    await ip([`addr del ${address}/32 dev eth0`], podNamespace(id, pod)).catch(() => {});
  }
}

/** Ends every process in the namespaces of the rig, and removes them. */
export const removeNamespaces = (id: string): Promise<void> => remove(namespacesOf(id));

/** The same for one Pod. */
export const removePod = (id: string, address: string): Promise<void> => remove([podNamespace(id, address)]);

export const namespacesOf = (id: string): readonly string[] =>
  list().filter((name) => name === nodeNamespace(id) || name.startsWith(`${nodeNamespace(id)}-`));

/** Processes in any of the namespaces. */
export function processesIn(namespaces: readonly string[]): readonly number[] {
  const inodes = new Set<string>();
  for (const name of namespaces) {
    const inode = statSync(join(folder, name), {throwIfNoEntry: false})?.ino;
    if (inode !== undefined) inodes.add(`net:[${inode}]`);
  }
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => inodes.has(networkOf(pid)))
    .map(Number);
}

async function remove(namespaces: readonly string[]): Promise<void> {
  const until = Date.now() + 5_000;
  for (let pids = processesIn(namespaces); pids.length > 0 && Date.now() < until; pids = processesIn(namespaces)) {
    for (const pid of pids) kill(pid);
    await sleep(10);
  }
  const there = list();
  const gone = namespaces.filter((name) => there.includes(name));
  if (gone.length > 0) await ip(gone.map((name) => `netns del ${name}`));
}

/** A batch of `ip` commands, in the namespace where one is given. Rejects with what it prints. */
async function ip(commands: readonly string[], namespace?: string): Promise<void> {
  const child = spawn('ip', [...(namespace === undefined ? [] : ['-n', namespace]), '-batch', '-'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let printed = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stdin.on('error', () => {});
  child.stdin.end(`${commands.join('\n')}\n`);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`ip ${commands.join('; ')}: ${printed.trim()}`);
}

function list(): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // no namespace was ever made on this machine
  }
}

function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return ''; // it has ended
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
