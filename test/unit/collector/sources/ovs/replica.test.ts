import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../../../../collector/exact-json.ts';
import { monitoredColumns, snapshotOf } from '../../../../../collector/sources/ovs/interfaces.ts';
import {
  applyUpdates,
  emptyReplica,
  type Replica,
  schemaOf,
} from '../../../../../collector/sources/ovs/ovsdb-replica.ts';
import { capture } from './captures.ts';

const [schemaReply, first, ...updates] = capture('3.1/ovsdb-session.ndjson')
  .trimEnd()
  .split('\n')
  .map((line) => parseExactJson(line, 'FN_OVS_REPLY') as { result: unknown; params: [string, unknown] });

function session(): Replica[] {
  const schema = schemaOf(schemaReply?.result, monitoredColumns);
  let { replica } = applyUpdates(emptyReplica(schema), first?.result);
  const states = [replica];
  for (const update of updates) {
    replica = applyUpdates(replica, update.params[1]).replica;
    states.push(replica);
  }
  return states;
}

const vhu2 = (replica: Replica | undefined) =>
  [...snapshotOf(replica as Replica).interfaces.values()].find(({ name }) => name === 'vhu2');
const portOfVhu2 = (replica: Replica | undefined) =>
  [...snapshotOf(replica as Replica).ports.values()].find(({ name }) => name === 'vhu2');

describe('a captured session', () => {
  it('begins with every row, and what an insert leaves out has its zero', () => {
    const snapshot = snapshotOf(session()[0] as Replica);
    expect(snapshot.root).toMatchObject({ dpdkVersion: 'DPDK 22.11.11', isDpdkInitialized: true });
    expect(snapshot.root?.otherConfig.get('pmd-maxsleep')).toBe('200');
    expect([...snapshot.bridges.values()]).toMatchObject([{ name: 'br0', datapathType: 'netdev', mirrors: [] }]);
    expect(vhu2(session()[0])).toMatchObject({
      type: 'dpdkvhostuserclient',
      ingressPolicingRate: 0n,
      linkState: 'down',
    });
    expect(vhu2(session()[0])?.status.get('status')).toBe('disconnected');
    expect(vhu2(session()[0])?.statistics.get('ovs_tx_failure_drops')).toBe(0n);
    const ports = [...snapshot.ports.values()].flatMap(({ interfaces }) => interfaces);
    expect(ports.every((uuid) => snapshot.interfaces.has(uuid))).toBe(true);
  });

  it('adds, changes and removes keys of a map', () => {
    const ids = session().map((state) => vhu2(state)?.externalIds.get('iface-id'));
    expect(ids).toEqual([undefined, 'abc', 'def', undefined, undefined, undefined, undefined, undefined]);
    expect(vhu2(session()[3])?.externalIds.get('vm-uuid')).toBe('11111111-2222-3333-4444-555555555555');
    expect(vhu2(session()[1])?.ingressPolicingRate).toBe(1000n);
  });

  it('takes a set as a difference and a single value as new', () => {
    const states = session().map(portOfVhu2);
    expect(states.map((port) => port?.tag)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      7n,
      7n,
      undefined,
      undefined,
    ]);
    expect(states[4]?.trunks).toEqual([1n, 2n, 3n]);
    expect([...(states[5]?.trunks ?? [])].sort()).toEqual([2n, 3n, 4n]);
  });

  it('removes a row and its bare element of a set', () => {
    const [before, after] = session()
      .slice(-2)
      .map((state) => snapshotOf(state));
    expect(vhu2(session().at(-1))).toBeUndefined();
    const ports = (snapshot: typeof before) => [...(snapshot?.bridges.values() ?? [])][0]?.ports.length;
    expect([ports(before), ports(after)]).toEqual([5, 4]);
  });

  it('keeps rows that did not change, and never changes an earlier state', () => {
    const [start, changed] = session()
      .slice(0, 2)
      .map((state) => snapshotOf(state));
    expect(changed?.bridges).toEqual(start?.bridges);
    expect([...(changed?.bridges.values() ?? [])][0]).not.toBe(undefined);
    const states = session();
    const [one, two] = [snapshotOf(states[0] as Replica), snapshotOf(states[1] as Replica)];
    const bridge = [...one.bridges.keys()][0] as string;
    expect(two.bridges.get(bridge)).toBe(one.bridges.get(bridge));
  });
});

const schemaJson = (type: unknown) => ({
  tables: { Interface: { columns: { name: { type: 'string' }, statistics: { type } } } },
});
const counters = { key: 'string', value: 'integer', min: 0, max: 'unlimited' };
const start = (type: unknown = counters) => emptyReplica(schemaOf(schemaJson(type), monitoredColumns));
const statistics = (replica: Replica, uuid = 'u') => replica.tables.get('Interface')?.get(uuid)?.get('statistics');
const row = (how: string, values: unknown) => ({ Interface: { u: { [how]: values } } });

describe('differences', () => {
  it('of maps lead from any old to any new state', () => {
    const map = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));
    fc.assert(
      fc.property(map, map, (old, next) => {
        // As ovsdb-server makes it: keys of one side, and keys of both with another value, with the new value.
        const difference = [
          ...Object.entries(old).filter(([key]) => !Object.hasOwn(next, key)),
          ...Object.entries(next).filter(([key, value]) => old[key] !== value),
        ];
        const before = applyUpdates(start(), row('initial', { statistics: ['map', Object.entries(old)] })).replica;
        const { replica } = applyUpdates(before, row('modify', { statistics: ['map', difference] }));
        expect(statistics(replica)).toEqual({ kind: 'map', entries: new Map(Object.entries(next)) });
        expect(statistics(before)).toEqual({ kind: 'map', entries: new Map(Object.entries(old)) });
      }),
    );
  });

  it('say whose statistics they touch', () => {
    const inserted = applyUpdates(start(), row('insert', { name: 'x', statistics: ['map', [['rx_packets', 5]]] }));
    expect([...inserted.statistics]).toEqual(['u']);
    expect([...applyUpdates(inserted.replica, row('modify', { name: 'y' })).statistics]).toEqual([]);
    expect([...applyUpdates(inserted.replica, row('delete', null)).statistics]).toEqual([]);
  });

  it('keep an integer above 2^53', () => {
    const json = parseExactJson(
      '{"Interface":{"u":{"insert":{"statistics":["map",[["a",9223372036854775807]]]}}}}',
      'FN_OVS_REPLY',
    );
    expect(statistics(applyUpdates(start(), json).replica)).toEqual({
      kind: 'map',
      entries: new Map([['a', 2n ** 63n - 1n]]),
    });
  });

  it('of columns this server does not have are never asked for', () => {
    const schema = schemaOf(schemaJson(counters), monitoredColumns);
    expect([...(schema.get('Interface')?.keys() ?? [])]).toEqual(['name', 'statistics']);
    expect(schema.has('Mirror')).toBe(false);
  });

  it.each<[string, unknown]>([
    ['no object', []],
    ['a table that was not asked for', { Flow: {} }],
    ['a change of a row that is not there', row('modify', {})],
    ['a removal of a row that is not there', row('delete', null)],
    ['an update that says nothing', row('other', {})],
    ['a map that is none', row('insert', { statistics: ['set', []] })],
    ['a pair that is none', row('insert', { statistics: ['map', [['a']]] })],
    ['a counter with a fraction', row('insert', { statistics: ['map', [['a', 1.5]]] })],
    ['a name that is a number', row('insert', { name: 7 })],
  ])('with %s are refused', (_what, json) => {
    expect(() => applyUpdates(start(), json)).toThrow(expect.objectContaining({ code: 'FN_OVS_REPLY' }));
  });

  it('with a row that is there already are refused', () => {
    const { replica } = applyUpdates(start(), row('insert', {}));
    expect(() => applyUpdates(replica, row('insert', {}))).toThrow(expect.objectContaining({ code: 'FN_OVS_REPLY' }));
  });

  it('of damaged messages give our error or a state, nothing else', () => {
    const text = capture('3.1/ovsdb-session.ndjson');
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom('"', '[', ']', '{', '}', '9', ',', 'x'),
        (where, character) => {
          const lines = `${text.slice(0, where)}${character}${text.slice(where + 1)}`.trimEnd().split('\n');
          try {
            const json = lines.map(
              (line) => parseExactJson(line, 'FN_OVS_REPLY') as { result: unknown; params: unknown[] },
            );
            let { replica } = applyUpdates(emptyReplica(schemaOf(json[0]?.result, monitoredColumns)), json[1]?.result);
            for (const update of json.slice(2)) replica = applyUpdates(replica, update.params?.[1]).replica;
            snapshotOf(replica);
          } catch (error) {
            expect(error).toMatchObject({ code: 'FN_OVS_REPLY' });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
