/** The JSON form of etcd's API, as far as needed here. */

/** Forgets every revision before the present one. */
export async function compact(url: string): Promise<void> {
  const range = await post(url, '/v3/kv/range', {key: Buffer.from('/').toString('base64'), keys_only: true});
  const {header} = range as {readonly header: {readonly revision: string}}; // etcd's RangeResponse
  try {
    await post(url, '/v3/kv/compaction', {revision: header.revision, physical: true});
  } catch (error) {
    // Nothing has been written since the last time.
    if (!String(error).includes('required revision has been compacted')) throw error;
  }
}

async function post(url: string, path: string, body: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {method: 'POST', body: JSON.stringify(body)});
  const text = await response.text();
  if (!response.ok) throw new Error(`etcd answers ${response.status} to ${path}: ${text}`);
  return JSON.parse(text);
}
