import {describe, expect, it} from 'vitest';
import {createLogs, toText} from '../../src/config/logging.ts';

function written(
  logging: Parameters<typeof createLogs>[0],
  use: (logs: ReturnType<typeof createLogs>) => void,
): string[] {
  const lines: string[] = [];
  use(createLogs(logging, {write: (line) => lines.push(line)}));
  return lines;
}

describe('logging', () => {
  it('writes one JSON object a line, with component and level', () => {
    const [line = ''] = written({level: 'info', components: {}, format: 'json'}, (logs) =>
      logs('xds').info({client: 1}, 'client connected'),
    );
    expect(JSON.parse(line)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      component: 'xds',
      client: 1,
      msg: 'client connected',
    });
  });

  it('has a level per component', () => {
    const lines = written({level: 'warn', components: {xds: 'debug', envoy: 'silent'}, format: 'json'}, (logs) => {
      for (const component of ['xds', 'envoy', 'files'] as const) {
        logs(component).debug({}, 'debug');
        logs(component).error({}, 'error');
      }
    });
    expect(lines.map((line) => JSON.parse(line)).map(({component, msg}) => `${component} ${msg}`)).toEqual([
      'xds debug',
      'xds error',
      'files error',
    ]);
  });

  it('takes another level at once, for those too who have their log already', () => {
    const problems: unknown[] = [];
    const lines = written({level: 'info', components: {xds: 'warn'}, format: 'json'}, (logs) => {
      const xds = logs('xds');
      xds.info({}, 'before');
      problems.push(logs.levels.change({xds: 'debug', graph: 'silent'}));
      xds.debug({}, 'after');
      logs('graph').error({}, 'nobody hears');
      expect(logs.levels.list()).toMatchObject({xds: 'debug', graph: 'silent', files: 'info'});
      problems.push(logs.levels.change({xds: 'error', envoi: 'debug'}));
      xds.debug({}, 'unchanged');
    });
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['after', 'unchanged']);
    expect(problems).toEqual([
      undefined,
      expect.stringMatching(/^envoi: there is no such component; there are sluice, /),
    ]);
  });

  it('writes text for people', () => {
    const line =
      '{"level":"warn","time":"2030-01-02T03:04:05.678Z","component":"envoy","pid":1,"why":"a b","msg":"it ended"}\n';
    expect(toText(line)).toBe('03:04:05.678 WARN  envoy     it ended pid=1 why="a b"\n');
    const [text = ''] = written({level: 'info', components: {}, format: 'text'}, (logs) =>
      logs('files').info({}, 'read'),
    );
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}files {5}read\n$/);
  });
});
