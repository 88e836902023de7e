import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {TooLargeError} from '../../src/kube/client.ts';
import {LineSplitter} from '../../src/kube/line-splitter.ts';

describe('lines', () => {
  it('are the same however the bytes are cut into chunks', () => {
    const line = fc.string({unit: fc.constantFrom('a', 'ä', '€', '"', ' '), maxLength: 12});
    fc.assert(
      fc.property(fc.array(line, {maxLength: 12}), fc.array(fc.nat(40), {maxLength: 20}), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        const splitter = new LineSplitter(1_000);
        const found: string[] = [];
        const places = [...new Set(cuts)].filter((at) => at < bytes.length).sort((a, b) => a - b);
        let from = 0;
        for (const at of [...places, bytes.length]) {
          for (const got of splitter.take(bytes.subarray(from, at))) found.push(String(got));
          from = at;
        }
        expect(found).toEqual(lines.filter((text) => text !== ''));
        expect(splitter.isInLine).toBe(false);
      }),
    );
  });

  it('may have as many bytes as the limit allows, whether they come at once or not', () => {
    const take = (limit: number, ...chunks: readonly string[]): string[] => {
      const splitter = new LineSplitter(limit);
      return chunks.flatMap((chunk) => [...splitter.take(Buffer.from(chunk))].map(String));
    };
    expect(take(3, 'abc\n', 'de', 'f\n')).toEqual(['abc', 'def']);
    expect(() => take(3, 'abcd\n')).toThrow(TooLargeError);
    expect(() => take(3, 'ab', 'cd')).toThrow('a line has more than 3 bytes');
  });

  it('cost what they have in bytes, however many chunks they come in', () => {
    // 64 MB in chunks of 1 KB: looked through again with each chunk, this would be 2 TB.
    const splitter = new LineSplitter(100_000_000);
    const chunk = Buffer.alloc(1_000, 'x');
    const before = performance.now();
    for (let count = 0; count < 64_000; count++) for (const line of splitter.take(chunk)) expect(line).toBeUndefined();
    const [line] = splitter.take(Buffer.from('\n'));
    expect(line).toHaveLength(64_000_000);
    expect(performance.now() - before).toBeLessThan(3_000);
  });
});
