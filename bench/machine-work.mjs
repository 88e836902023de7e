// A fixed piece of work in a process of its own: see machine-speed.ts.
let checksum = 0;
for (let round = 0; round < 4; round++) {
  const objects = Array.from({length: 20_000}, (_, n) => ({
    metadata: {name: `object-${n}`, namespace: `ns-${n % 10}`, labels: {app: `app-${n % 97}`, round: String(round)}},
    spec: {
      hostnames: [`host-${n}.example.com`],
      rules: [{paths: [`/${n}`], backends: [{name: `s-${n % 500}`, port: 80}]}],
    },
  }));
  const parsed = JSON.parse(JSON.stringify(objects));
  const byKey = new Map(parsed.map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, object]));
  const byLabel = new Map();
  for (const [key, object] of byKey) {
    const label = object.metadata.labels.app;
    const keys = byLabel.get(label);
    if (keys === undefined) byLabel.set(label, [key]);
    else keys.push(key);
  }
  for (const keys of byLabel.values()) checksum += keys.sort().join().length;
  const derived = parsed.map((object) => ({
    ...object,
    parents: object.spec.hostnames.map((name) => ({name, ok: true})),
  }));
  checksum += JSON.stringify(derived).length;
}
console.log(checksum);
