/**
 * What a container sees as `/`: the host's files under a layer of its own (overlayfs on a tmpfs), with its volumes mounted where
 * the Pod wants them. It can write where it likes; nothing of that reaches the host, and all of it goes with the process.
 */
import {readFileSync} from 'node:fs';

export type RootOptions = {
  /** An empty folder. */
  readonly folder: string;
  /** Holds the volumes of the Pod, a folder each. */
  readonly volumes: string;
  /** `source`: below `volumes`, a folder or a file. */
  readonly mounts: readonly {readonly source: string; readonly path: string}[];
  readonly hostname: string;
  readonly workingDir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
};

/** Every step executes the next one, so that the process keeps its pid. */
const outer = `set -e
root=$1 volumes=$2 hostname=$3 others=$4 inner=$5
shift 5
mount -t tmpfs -o mode=755 rig "$root"
layer() {
  mkdir -p "$root/layers$1/upper" "$root/layers$1/work"
  mount -t overlay -o "lowerdir=$1,upperdir=$root/layers$1/upper,workdir=$root/layers$1/work" rig "$root/fs$1"
}
mkdir "$root/fs"
layer /
for dir in /proc /sys /dev; do mount --rbind "$dir" "$root/fs$dir"; done
printf '%s' "$others" | while IFS= read -r place; do
  { [ -d "$place" ] && layer "$place" 2>/dev/null; } || mount -o bind,ro "$place" "$root/fs$place"
done
echo "$hostname" >/proc/sys/kernel/hostname
mkdir "$root/fs/.rig-volumes"
mount --bind "$volumes" "$root/fs/.rig-volumes"
exec chroot "$root/fs" /bin/sh -c "$inner" container "$@"`;

/** Inside of the new root, where a link such as /var/run leads to what is in it and not to the host's. */
const inner = `set -e
while [ "$1" != -- ]; do
  from="/.rig-volumes/$1"
  if [ -d "$from" ]; then mkdir -p "$2"; else mkdir -p "$(dirname "$2")"; [ -e "$2" ] || : >"$2"; fi
  mount --bind "$from" "$2"
  shift 2
done
umount -l /.rig-volumes
rmdir /.rig-volumes
cd "$2"
shift 2
exec env -i "$@"`;

/** A command line that makes the root and runs the command in it, to be run in the network namespace of the Pod. */
export function rootedCommand(options: RootOptions): readonly string[] {
  const {folder, volumes, hostname, workingDir, command} = options;
  // A volume inside of another one comes after it.
  const mounts = [...options.mounts].sort((a, b) => a.path.length - b.path.length);
  const env = Object.entries(options.env).map(([name, value]) => `${name}=${value}`);
  const others = otherMounts(folder).map((place) => `${place}\n`);
  const script = ['/bin/sh', '-c', outer, 'container', folder, volumes, hostname.slice(0, 63), others.join(''), inner];
  const places = mounts.flatMap(({source, path}) => [source, path]);
  return ['unshare', '--mount', '--uts', '--', ...script, ...places, '--', workingDir, ...env, ...command];
}

/** File systems of the host that are mounted below `/`, parents first; proc(5), /proc/pid/mountinfo, field 5. */
function otherMounts(folder: string): readonly string[] {
  const apart = ['/proc', '/sys', '/dev', '/run/netns', folder];
  const places = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((place) =>
      place.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((place) => place !== '/' && !apart.some((other) => place === other || place.startsWith(`${other}/`)));
  return [...new Set(places)].sort();
}
