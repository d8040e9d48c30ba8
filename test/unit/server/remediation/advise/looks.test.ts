import { describe, expect, it } from 'vitest';
import { Looks } from '../../../../../server/remediation/advise/looks.ts';

const datapath = 'netdev@ovs-netdev';
const hosts = (n: number, busyPpm: string | null) =>
  Array.from({ length: n }, (_, i) => ({ host: `cn${String(i).padStart(3, '0')}`, datapath, busyPpm }));
const never = () => false;

describe('which datapaths are looked at', () => {
  it('busy and wanted ones each time, others once a minute', () => {
    const looks = new Looks();
    const [calm, busy, wanted] = [
      { host: 'a', datapath, busyPpm: '799999' },
      { host: 'b', datapath, busyPpm: '800000' },
      { host: 'c', datapath, busyPpm: null },
    ];
    const look = (now: number) => {
      const due = looks.due([calm, busy, wanted], ({ host }) => host === 'c', now);
      for (const each of due) looks.done(each, now);
      return due.map(({ host }) => host);
    };
    expect(look(100)).toEqual(['a', 'b', 'c']);
    expect(look(105)).toEqual(['b', 'c']);
    expect(look(159)).toEqual(['b', 'c']);
    expect(look(160)).toEqual(['a', 'b', 'c']);
  });

  it('a bounded number of them, so that each of very many busy ones has its turn', () => {
    const looks = new Looks();
    const all = hosts(50, '950000');
    const seen = new Set<string>();
    for (let pass = 0; pass < 3; pass++) {
      const due = looks.due(all, never, 100 + pass * 5);
      expect(due).toHaveLength(20);
      for (const each of due) {
        looks.done(each, 100 + pass * 5);
        seen.add(each.host);
      }
    }
    expect(seen.size).toBe(50);
  });

  it('one that there was no time for is due again, before the others', () => {
    const looks = new Looks();
    const [first, second] = looks.due(hosts(2, '950000'), never, 100);
    if (first !== undefined) looks.done(first, 100);
    expect(looks.due(hosts(2, '950000'), never, 105)).toEqual([second, first]);
  });
});
