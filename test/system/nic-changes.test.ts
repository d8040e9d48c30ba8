import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { makeNamespaces, run, skipWithoutRoot, type TwoNamespaces } from './namespaces.ts';
import { cli, Spawned } from './spawned.ts';

/** Real NICs that come, go, are renamed and move, seen by a real collector in a namespace of its own. */
describe.skipIf(skipWithoutRoot)('NICs that change (skipped without root: it makes network namespaces)', () => {
  let namespaces: TwoNamespaces;
  let collector: Spawned;
  type Row = Readonly<Record<string, string | number | null>>;
  const rows = (): Row[] =>
    collector.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Row);
  const events = (object: string) =>
    rows()
      .filter((row) => row['kind'] === 'event' && row['object'] === object)
      .map((row) => row['event']);
  const slots = (port: string) =>
    rows().filter((row) => row['kind'] === 'port_slot' && row['port'] === port && row['direction'] === 'rx');
  const wait = { timeout: 15_000, interval: 50 };

  beforeAll(async () => {
    namespaces = makeNamespaces();
    collector = new Spawned('ip', ['netns', 'exec', namespaces.near, process.execPath, cli, 'collector']);
    await vi.waitFor(() => expect(slots('fn0').length).toBeGreaterThan(0), wait);
  });

  afterAll(async () => {
    await collector?.stop();
    namespaces?.remove();
  });

  it('a new one is told, and counted from its second read', async () => {
    run('ip', '-n', namespaces.near, 'link', 'add', 'fn2', 'type', 'veth', 'peer', 'name', 'fn3');
    await vi.waitFor(() => expect(slots('fn2').length).toBeGreaterThan(0), wait);
    expect(events('fn2')).toEqual(['port_seen']);
  });

  it('one that is renamed goes on under its new name without a hole', async () => {
    run('ip', '-n', namespaces.near, 'link', 'set', 'fn2', 'down');
    run('ip', '-n', namespaces.near, 'link', 'set', 'fn2', 'name', 'wan2');
    await vi.waitFor(() => expect(slots('wan2').length).toBeGreaterThan(0), wait);
    expect(events('wan2')).toEqual(['port_renamed']);
    const [last, first] = [slots('fn2').at(-1), slots('wan2')[0]];
    expect(first).toMatchObject({ state: 'observed', slot: Number(last?.['slot']) + 1 });
  });

  it('one that moves to another namespace and back is bridged: its counters lived on', async () => {
    run('ip', '-n', namespaces.near, 'link', 'set', 'fn3', 'netns', namespaces.far);
    await vi.waitFor(() => expect(events('fn3')).toContain('port_gone'), wait);
    run('ip', '-n', namespaces.far, 'link', 'set', 'fn3', 'netns', namespaces.near);
    await vi.waitFor(() => expect(events('fn3')).toEqual(['port_seen', 'port_gone', 'port_seen']), wait);
    const bridged = slots('fn3').filter((row) => row['state'] === 'bridged');
    expect(bridged).toHaveLength(1);
    expect(Number(bridged[0]?.['slots'])).toBeGreaterThanOrEqual(2);
  });

  it('one that is deleted is told, and others do not notice', async () => {
    const before = slots('fn0').length;
    run('ip', '-n', namespaces.near, 'link', 'delete', 'wan2');
    await vi.waitFor(() => expect(events('wan2')).toContain('port_gone'), wait);
    await vi.waitFor(() => expect(slots('fn0').length).toBeGreaterThan(before), wait);
    expect(slots('fn0').every((row) => row['state'] === 'observed')).toBe(true);
  });
});
