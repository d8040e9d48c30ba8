import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linkCounters } from '../../../native/facade.ts';
import { parseProcNetDev } from '../../../native/sysfs-links.ts';
import { parseCpuList, parseThread } from '../../../native/typescript.ts';

const schedstat = '81219384 120394 18\n';
const after = `S 1 4711 ${'0 '.repeat(16)}8812 ${'0 '.repeat(16)}3 0 0\n`;

describe('parseThread', () => {
  it('takes state, starttime and processor from behind the last parenthesis', () => {
    const row = [0n, 81219384n, 120394n, 18n, 8812n, 83n, 3n];
    for (const name of ['cat', ') (', '(a) Z 1 2', ')', '']) {
      expect(parseThread(schedstat, `4711 (${name}) ${after}`)).toEqual(row);
    }
  });

  it('keeps counters above 2^53 exact', () => {
    expect(parseThread('18446744073709551615 9007199254740993 1\n', `1 (a) ${after}`)?.slice(1, 3)).toEqual([
      18446744073709551615n,
      9007199254740993n,
    ]);
  });

  it('gives null, and never throws, for anything else', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => parseThread(a, b) === null));
    fc.assert(
      fc.property(
        fc.nat({ max: after.length - 8 }),
        (cut) => parseThread(schedstat, `1 (a) ${after.slice(0, cut)}`) === null,
      ),
    );
  });
});

describe('parseCpuList', () => {
  it.each([
    ['0', [0]],
    ['0-2,5', [0, 1, 2, 5]],
    ['1023-1025', [1023, 1024, 1025]],
    ['', []],
  ] as const)('reads %j', (list, cpus) => {
    expect(parseCpuList(list)).toEqual(cpus);
  });
});

describe('parseProcNetDev', () => {
  it('puts each column at its counter and leaves sums to /sys', () => {
    const text = 'Inter-|   Receive\n face |bytes\n  a:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n';
    const [row] = parseProcNetDev(text);
    const values = Object.fromEntries(linkCounters.map((name, i) => [name, Number(row?.counters[i])]));
    expect(row?.name).toBe('a:1');
    expect(values).toMatchObject({ rxBytes: 1, rxPackets: 2, rxErrors: 3, rxFifoErrors: 5, multicast: 8, txBytes: 9 });
    expect(values).toMatchObject({ txPackets: 10, txDropped: 12, collisions: 14, txCompressed: 16, rxDropped: 0 });
  });
});
