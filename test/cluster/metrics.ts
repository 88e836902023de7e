/** What a replica tells in the text format of Prometheus. */
import {request} from '../e2e/harness/request.ts';

/** The sum of the samples of that name that have those labels. */
export type Metrics = (name: string, labels?: Readonly<Record<string, string>>) => number;

/** `port`: of 127.0.0.1. */
export async function metricsOf(port: number): Promise<Metrics> {
  const {status, body} = await request({port, path: '/metrics'});
  if (status !== 200) throw new Error(`/metrics answers ${status}`);
  const lines = body.split('\n');
  return (name, labels = {}) => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return lines
      .map((line) => /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line))
      .filter((found) => found?.[1] === name && wanted.every((label) => found[2]?.split(',').includes(label)))
      .reduce((sum, found) => sum + Number(found?.[3]), 0);
  };
}
