import { Link } from '@tanstack/react-router';
import type { PortSums } from '../../../../server/api/schema/ports.ts';
import { Coverage } from '../../components/coverage.tsx';
import type { Column } from '../../components/data-table.tsx';
import { formatShort } from '../../format/count.ts';
import { formatBitRate, formatPacketRate } from '../../format/rate.ts';
import { formatRatio } from '../../format/ratio.ts';
import type { Search } from '../../url/search.ts';
import { directionName, isKnown, type Now, type NowFor, type PortRow } from './model.ts';

/** For the table of the fleet: whose port it is. */
export function hostColumn(carried: Search): Column<PortRow> {
  return {
    id: 'host',
    header: 'Host',
    width: 1.75,
    sortBy: ({ sums }) => sums.host,
    cell: ({ sums }) => (
      <Link to="/hosts/$host" params={{ host: sums.host }} search={carried}>
        {sums.host}
      </Link>
    ),
  };
}

export function portColumns(carried: Search, nowFor: NowFor): Column<PortRow>[] {
  return [
    {
      id: 'port',
      header: 'Port',
      width: 1.7,
      sortBy: ({ sums }) => sums.port,
      cell: ({ sums }) => <PortName sums={sums} carried={carried} />,
    },
    {
      id: 'direction',
      header: 'Direction',
      width: 1.1,
      sortBy: ({ sums }) => sums.direction,
      cell: ({ sums: { direction, countedIn: whole } }) => (
        <>
          {directionName(direction)}
          {whole === '' ? null : <span className="muted small"> in {whole}</span>}
        </>
      ),
    },
    {
      id: 'packets',
      header: 'Packets',
      unit: 'now',
      numeric: true,
      width: 1.1,
      sortBy: ({ now }) => now?.packets ?? null,
      cell: (row) => <NowRate value={nowOfRow(row, nowFor)?.packets} />,
    },
    {
      id: 'bits',
      header: 'Bits',
      unit: 'now',
      numeric: true,
      width: 1,
      sortBy: ({ now }) => now?.bytes ?? null,
      cell: (row) => <NowRate value={nowOfRow(row, nowFor)?.bytes} kind="bits" />,
    },
    {
      id: 'dropsNow',
      header: 'Drops',
      unit: 'now',
      numeric: true,
      width: 1,
      sortBy: ({ now }) => now?.drops ?? null,
      cell: (row) => <NowRate value={nowOfRow(row, nowFor)?.drops} kind="loss" />,
    },
    sumColumn('offered', 'Offered', ({ offered }) => offered),
    sumColumn('delivered', 'Delivered', ({ delivered }) => delivered),
    sumColumn('drops', 'Drops', ({ drops }) => drops, true),
    {
      id: 'lossRatio',
      header: 'Loss',
      numeric: true,
      width: 1,
      sortBy: ({ sums }) => lossOrder(sums),
      cell: ({ sums }) => <Loss sums={sums} />,
    },
    sumColumn('unexplained', 'Unexplained', ({ unexplained }) => unexplained, true),
    {
      id: 'coverage',
      header: 'Known',
      width: 1.35,
      sortBy: ({ sums }) => sums.slots.unknown,
      cell: ({ sums }) => <Coverage slots={sums.slots} words="share" />,
    },
  ];
}

function nowOfRow({ sums }: PortRow, nowFor: NowFor): Now | null {
  return nowFor(sums.host, sums.port, sums.direction);
}

function sumColumn(id: string, header: string, pick: (sums: PortSums) => string, loss = false): Column<PortRow> {
  return {
    id,
    header,
    numeric: true,
    width: header.length > 9 ? 1.2 : 0.98,
    sortBy: ({ sums }) => (isKnown(sums.slots) ? BigInt(pick(sums)) : null),
    cell: ({ sums }) => {
      if (!isKnown(sums.slots)) return <span className="unknown">no data</span>;
      const value = pick(sums);
      return <span className={loss && value !== '0' ? 'loss' : undefined}>{formatShort(value)}</span>;
    },
  };
}

function PortName({ sums, carried }: { readonly sums: PortSums; readonly carried: Search }) {
  const { host, port } = sums;
  return (
    <Link to="/hosts/$host/ports/$port" params={{ host, port }} search={carried}>
      {port}
    </Link>
  );
}

function NowRate(props: { readonly value: bigint | null | undefined; readonly kind?: 'packets' | 'bits' | 'loss' }) {
  const { value, kind = 'packets' } = props;
  if (value === undefined) return <span className="muted">…</span>;
  if (value === null) return <span className="unknown">unknown</span>;
  if (kind === 'bits') return formatBitRate(value);
  return <span className={kind === 'loss' && value > 0n ? 'loss' : undefined}>{formatPacketRate(value)}</span>;
}

function Loss({ sums }: { readonly sums: PortSums }) {
  if (!isKnown(sums.slots)) return <span className="unknown">no data</span>;
  if (sums.offered === '0') return <span className="muted">no traffic</span>;
  return formatRatio(BigInt(sums.drops), BigInt(sums.offered), 4);
}

/** Parts per 10^18, so that ratios sort without a float. */
function lossOrder(sums: PortSums): bigint | null {
  if (!isKnown(sums.slots) || sums.offered === '0') return null;
  return (BigInt(sums.drops) * 10n ** 18n) / BigInt(sums.offered);
}
