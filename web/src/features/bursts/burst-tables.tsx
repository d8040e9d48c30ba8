import { useMemo } from 'react';
import type { FullPeriod, PortBursts } from '../../../../server/api/schema/bursts.ts';
import { Badge } from '../../components/badge.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount } from '../../format/count.ts';
import { formatInstant, formatInstantNs, type Zone, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { directionName } from '../ports/model.ts';
import {
  type BurstRow,
  burstRows,
  fullLength,
  lengthText,
  lossyText,
  lostText,
  noBurstText,
  shareText,
} from './model.ts';

/** The same as lists: each opens its step. */
export function BurstTables(props: {
  readonly told: PortBursts;
  /** Any ring was sampled in the window. */
  readonly isSampled: boolean;
  pin(atSeconds: number): void;
}) {
  const { told, isSampled, pin } = props;
  const { zone, sort, setSort } = useUrl();
  const bursts = useMemo(() => burstRows(told), [told]);
  const columns = useMemo(() => burstColumns(zone, pin), [zone, pin]);
  const periods = useMemo(() => fullColumns(zone, pin), [zone, pin]);
  return (
    <section className="panel" aria-label="Bursts">
      <header className="panel-head">
        <h2>Bursts</h2>
        {told.more ? <Badge tone="warn">there are more: the earliest are shown</Badge> : null}
      </header>
      <ul className="facts-line">
        {told.directions.map((way) => (
          <li key={way.direction}>{lossyText(way)}</li>
        ))}
      </ul>
      {bursts.length === 0 ? (
        <p className="none">{noBurstText(told)}</p>
      ) : (
        <DataTable
          caption="Bursts of loss"
          columns={columns}
          rows={bursts}
          rowKey={({ direction, burst }) => `${direction} ${burst.from}`}
          sort={sort}
          defaultSort={{ id: 'burstLost', desc: true }}
          onSort={setSort}
          minWidth={820}
        />
      )}
      {told.full.length === 0 ? (
        <p className="none">
          {isSampled
            ? 'No sample found a ring full for a millisecond.'
            : 'No ring was sampled: whether one was full is not known.'}
        </p>
      ) : (
        <DataTable
          caption="Times in which rings were full"
          columns={periods}
          rows={told.full}
          rowKey={({ direction, fromNs }) => `${direction} ${fromNs}`}
          sort={sort}
          defaultSort={{ id: 'fullLength', desc: true }}
          onSort={setSort}
          minWidth={820}
        />
      )}
    </section>
  );
}

function burstColumns(zone: Zone, pin: (atSeconds: number) => void): Column<BurstRow>[] {
  return [
    {
      id: 'burstFrom',
      header: 'Burst from',
      unit: zoneName(zone),
      width: 1.6,
      sortBy: ({ burst }) => burst.from,
      cell: ({ burst }) => {
        const at = Date.parse(burst.from);
        return (
          <button type="button" className="link" onClick={() => pin(at / 1_000)}>
            {formatInstant(at, zone)}
          </button>
        );
      },
    },
    {
      id: 'burstWay',
      header: 'Direction',
      width: 1,
      sortBy: ({ direction }) => direction,
      cell: ({ direction }) => directionName(direction),
    },
    {
      id: 'burstLength',
      header: 'Length',
      numeric: true,
      width: 1,
      sortBy: ({ burst }) => burst.seconds,
      cell: ({ burst }) => lengthText(burst),
    },
    {
      id: 'burstLost',
      header: 'Lost',
      numeric: true,
      width: 1.1,
      sortBy: ({ burst }) => BigInt(burst.lost),
      cell: ({ burst }) => (
        <span className="loss">
          {burst.unknownSeconds > 0 ? 'at least ' : ''}
          {formatCount(burst.lost)}
        </span>
      ),
    },
    {
      id: 'burstPeak',
      header: 'Worst second',
      numeric: true,
      width: 1.1,
      sortBy: ({ burst }) => (BigInt(burst.peak.lost) * 1_000_000_000n) / BigInt(burst.peak.offered),
      cell: ({ burst }) => shareText(burst.peak),
    },
    {
      id: 'burstMean',
      header: 'Mean',
      numeric: true,
      width: 1,
      sortBy: ({ burst }) => (BigInt(burst.mean.lost) * 1_000_000_000n) / BigInt(burst.mean.offered),
      cell: ({ burst }) => shareText(burst.mean),
    },
    {
      id: 'burstSince',
      header: 'After the last',
      numeric: true,
      width: 1.2,
      sortBy: ({ burst }) => burst.sinceSeconds,
      cell: ({ burst }) =>
        burst.sinceSeconds === null ? 'first' : `${burst.sinceIsCertain ? '' : '≤ '}${burst.sinceSeconds} s`,
    },
    {
      id: 'burstSevere',
      header: 'Severe',
      width: 0.9,
      sortBy: ({ burst }) => Number(burst.severe),
      cell: ({ burst }) => (burst.severe ? <Badge tone="bad">severe</Badge> : 'no'),
    },
  ];
}

function fullColumns(zone: Zone, pin: (atSeconds: number) => void): Column<FullPeriod>[] {
  return [
    {
      id: 'fullFrom',
      header: 'Full from',
      unit: zoneName(zone),
      width: 1.6,
      sortBy: ({ fromNs }) => BigInt(fromNs),
      cell: ({ fromNs }) => (
        <button type="button" className="link" onClick={() => pin(Number(BigInt(fromNs) / 1_000_000_000n))}>
          {formatInstantNs(fromNs, zone)}
        </button>
      ),
    },
    {
      id: 'fullWay',
      header: 'Ring',
      width: 1,
      sortBy: ({ direction }) => direction,
      cell: ({ direction }) => directionName(direction),
    },
    {
      id: 'fullQueues',
      header: 'Queues',
      width: 1,
      sortBy: ({ queues }) => queues[0] ?? 0,
      cell: ({ queues }) => queues.join(', '),
    },
    {
      id: 'fullLength',
      header: 'Length',
      numeric: true,
      width: 1.4,
      sortBy: ({ fromNs, toNs }) => BigInt(toNs) - BigInt(fromNs),
      cell: fullLength,
    },
    {
      id: 'fullLost',
      header: 'Lost in it',
      unit: 'at least – at most',
      numeric: true,
      width: 2,
      sortBy: ({ lost }) => (lost === null ? null : BigInt(lost.high ?? lost.low)),
      cell: lostText,
    },
  ];
}
