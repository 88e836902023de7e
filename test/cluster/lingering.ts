/**
 * Programs of Pods that go on for a while after they are told to end. A Pod that is deleted gets requests until everybody
 * knows of it, so a kubelet waits as `lifecycle.preStop.sleep` says before it sends SIGTERM. That of the rig does not; here
 * the program does it instead.
 */
const script = `seconds=$1
shift
"$@" &
child=$!
trap 'sleep "$seconds"; kill -TERM "$child"' TERM
while kill -0 "$child" 2>/dev/null; do
  wait "$child"
  code=$?
done
exit "$code"`;

/** A command line; the words of a container are appended to it. */
export const lingering = (seconds: number, command: readonly string[]): readonly string[] => [
  '/bin/sh',
  '-c',
  script,
  'lingering',
  String(seconds),
  ...command,
];
