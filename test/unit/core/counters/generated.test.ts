import { expect, it } from 'vitest';
import { counterMap, mapVersion } from '../../../../core/counters/counter-map.ts';
import type { CounterRow, RowSet } from '../../../../core/counters/map-types.ts';

/** Mended by `npx vitest run --project unit test/unit/core/counters -u`, and read before it is committed. */

function line(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const ends: Readonly<Record<CounterRow['role'], string>> = {
  total: 'added',
  alias: 'same as',
  part: 'share of',
  evidence: 'evidence',
};

function about(row: CounterRow, product: string): string {
  return [
    row.scope === 'device' ? 'whole card' : '',
    row.counter.includes('{q}') ? 'per queue' : '',
    row.widthBits === undefined ? '' : `wraps at 2^${row.widthBits}`,
    row.less === undefined ? '' : `less ${row.less.map((name) => `\`${name}\``).join(', ')}: ${row.rest}`,
    row.byDriver ? "cause: the driver's, where known" : '',
    row.exceptDrivers === undefined ? '' : `not with ${row.exceptDrivers.join(', ')}`,
    row.since === undefined ? '' : `since ${product} ${row.since}`,
    row.until === undefined ? '' : `before ${product} ${row.until}`,
    row.note ?? '',
  ]
    .filter((text) => text !== '')
    .join('; ');
}

function table({ rows }: RowSet, product: string): string[] {
  if (rows.length === 0) return ['No drop counters.'];
  const split = new Set(rows.flatMap((row) => row.less ?? []));
  return [
    line('counter', 'use', 'direction', 'cause', 'place', 'note'),
    line('---', '---', '---', '---', '---', '---'),
    ...rows.map((row) =>
      line(
        `\`${row.counter}\``,
        `${split.has(row.counter) ? 'added, ' : ''}${ends[row.role]}${row.of === undefined ? '' : ` \`${row.of}\``}`,
        row.direction,
        row.cause,
        row.role === 'total' || split.has(row.counter) ? row.place : '',
        about(row, product),
      ),
    ),
  ];
}

/** Sets with the same rows share a table. */
function sections(sets: Readonly<Record<string, RowSet>>, product: string): string[] {
  const groups = Map.groupBy(Object.entries(sets), ([, set]) => set.rows);
  return [...groups.values()].flatMap((members) => {
    const names = members.map(([name]) => name || '(empty)').join(', ');
    const sources = [...new Set(members.map(([, set]) => set.source))].join(', ');
    return [
      '',
      `### ${names}`,
      '',
      `From ${sources}.`,
      '',
      ...members.slice(0, 1).flatMap(([, set]) => table(set, product)),
    ];
  });
}

it('docs/counters.md', async () => {
  const text = [
    '# Counters and causes',
    '',
    `Map version ${mapVersion}. What each drop counter means. *Added* counts lost packets; *same as* and *share of* repeat a`,
    'number that is already added; *evidence* explains and is no count of lost packets. A total that is taken *less* some of',
    'its shares: they are added with causes of their own, and what is left has the cause named there, or the cause of the row',
    'while a share is missing. Place: *inside* or *outside* of what the port counts as passed; *beside* it, at another place',
    '(*whole card*: counted once, whichever port tells it); *filtered*: no loss. A counter that is not there is unknown, not',
    'zero. `{q}` is a queue, `{n}` another number; `rx_q0errors`, the form before DPDK 20.11, is read like `rx_q0_errors`.',
    '',
    '## Drivers of DPDK',
    ...sections(counterMap.drivers, 'DPDK'),
    '',
    '## Port types of Open vSwitch',
    '',
    'Keys of `Interface.statistics`. Types that are not here (patch, tunnels) have none.',
    ...sections(counterMap.ovsPorts, 'OVS'),
    '',
    '## Process-wide counters of ovs-vswitchd',
    '',
    `From ${counterMap.coverage.source}. Received and counted by a port that is not named, lost before any port sent them.`,
    '',
    ...table(counterMap.coverage, 'OVS'),
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot('../../../../docs/counters.md');
});
