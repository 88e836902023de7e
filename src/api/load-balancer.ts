/** The addresses in the status of a Service, as Gateway API calls them. Inputs of the graph are without statuses. */
export type BalancedAddress = {readonly type: 'IPAddress' | 'Hostname'; readonly value: string};

/** `status` as it came, whatever it is. Of a place that has a name, the name: what it stands for may change. */
export function balancedAddresses(status: unknown): readonly BalancedAddress[] {
  return listIn(fieldIn(status, 'loadBalancer'), 'ingress').flatMap((place): readonly BalancedAddress[] => {
    const [hostname, ip] = [fieldIn(place, 'hostname'), fieldIn(place, 'ip')];
    if (typeof hostname === 'string' && hostname !== '') return [{type: 'Hostname', value: hostname}];
    return typeof ip === 'string' && ip !== '' ? [{type: 'IPAddress', value: ip}] : [];
  });
}

function listIn(value: unknown, field: string): readonly unknown[] {
  const list = fieldIn(value, field);
  return Array.isArray(list) ? list : [];
}

function fieldIn(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null
    ? new Map<string, unknown>(Object.entries(value)).get(field)
    : undefined;
}
