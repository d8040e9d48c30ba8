import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { LedgerDetail } from '../../../../server/api/schema/ledger.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { formatCount } from '../../format/count.ts';
import { formatRatio } from '../../format/ratio.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { cyclesAPacket, type PmdRow, pmdRows } from './model.ts';

type Queue = LedgerDetail['queues'][number];

/** The polling threads, and which queues each of them serves. */
export function PmdTables({ detail }: { readonly detail: LedgerDetail }) {
  const { carried, sort, setSort } = useUrl();
  const { host, datapath } = detail.entry;
  const pmds = useMemo(() => pmdRows(detail), [detail]);
  const queues = useMemo(() => queueColumns(host, carried), [host, carried]);
  if (pmds.length === 0 && detail.queues.length === 0) return null;
  return (
    <div className="pmds">
      <section className="panel" aria-label={`Polling threads, ${datapath}`}>
        <header className="panel-head">
          <h3>Polling threads</h3>
        </header>
        <p className="panel-note muted">
          Busy is what the thread says of its own cycles over its last 5 s: queues are placed by it. On CPU and waited
          are what the kernel booked: polling without a packet is on CPU too, and a thread that sleeps between rounds
          waits a little each time it wakes. Whether a thread was robbed of its core is told by the kernel alone. Cycles
          a packet has rounds without a packet in it.
        </p>
        <DataTable
          caption={`Polling threads of ${datapath}`}
          columns={pmdColumns}
          rows={pmds}
          rowKey={({ pmd }) => `${pmd.core}`}
          sort={sort}
          defaultSort={{ id: 'core', desc: false }}
          onSort={setSort}
          minWidth={1120}
        />
      </section>
      <section className="panel" aria-label={`Receive queues, ${datapath}`}>
        <header className="panel-head">
          <h3>Their receive queues</h3>
        </header>
        <DataTable
          caption={`Receive queues of ${datapath}`}
          columns={queues}
          rows={detail.queues}
          rowKey={({ port, queue }) => `${port} ${queue}`}
          sort={sort}
          defaultSort={{ id: 'queueCore', desc: false }}
          onSort={setSort}
          minWidth={520}
        />
      </section>
    </div>
  );
}

const noNuma = 65_535;

function numaText(numa: number) {
  return numa === noNuma ? <span className="unknown">not told</span> : numa;
}

const pmdColumns: Column<PmdRow>[] = [
  {
    id: 'core',
    header: 'Core',
    width: 0.9,
    sortBy: ({ pmd }) => pmd.core,
    cell: ({ pmd }) => (
      <>
        {pmd.core}
        {pmd.isolated ? <span className="muted small"> isolated</span> : null}
      </>
    ),
  },
  {
    id: 'numa',
    header: 'NUMA',
    numeric: true,
    width: 0.7,
    sortBy: ({ pmd }) => pmd.numa,
    cell: ({ pmd }) => numaText(pmd.numa),
  },
  {
    id: 'busy',
    header: 'Busy',
    numeric: true,
    width: 1.1,
    sortBy: ({ pmd }) => toBigint(pmd.busyPpm),
    cell: ({ pmd }) => <Share ppm={pmd.busyPpm} />,
  },
  {
    id: 'onCpu',
    header: 'On CPU',
    unit: 'kernel',
    numeric: true,
    width: 1.1,
    sortBy: ({ pmd }) => shareOf(pmd.thread?.runNs, pmd.thread?.knownNs),
    cell: ({ pmd }) => <Time part={pmd.thread?.runNs} of={pmd.thread?.knownNs} digits={1} />,
  },
  {
    id: 'waited',
    header: 'Waited',
    unit: 'kernel',
    numeric: true,
    width: 1.1,
    sortBy: ({ pmd }) => shareOf(pmd.thread?.runDelayNs, pmd.thread?.knownNs),
    cell: ({ pmd }) => <Time part={pmd.thread?.runDelayNs} of={pmd.thread?.knownNs} digits={3} />,
  },
  {
    id: 'cycles',
    header: 'Cycles',
    unit: 'a packet',
    numeric: true,
    width: 1.1,
    sortBy: ({ pmd }) => cyclesAPacket(pmd),
    cell: ({ pmd }) => {
      const cycles = cyclesAPacket(pmd);
      return cycles === null ? <span className="unknown">unknown</span> : formatCount(String(cycles));
    },
  },
  counterColumn('rx', 'Received', ({ pmd }) => pmd.rxPackets, false),
  counterColumn('tx', 'Sent', ({ pmd }) => pmd.txPackets, false),
  counterColumn('upcalls', 'Upcalls', ({ pmd }) => pmd.upcalls, false),
  counterColumn('upcallsLost', 'Lost', ({ pmd }) => pmd.lostUpcalls, true, 'upcalls'),
  {
    id: 'queues',
    header: 'Queues',
    numeric: true,
    width: 0.8,
    sortBy: ({ queues }) => queues,
    cell: ({ queues }) => queues,
  },
];

function queueColumns(host: string, carried: Search): Column<Queue>[] {
  return [
    {
      id: 'queuePort',
      header: 'Queue',
      width: 1.8,
      sortBy: ({ port, queue }) => `${port} ${queue}`,
      cell: ({ port, queue, enabled }) => (
        <>
          <Link to="/hosts/$host/ports/$port" params={{ host, port }} search={carried}>
            {port}
          </Link>{' '}
          {queue}
          {enabled ? null : <span className="muted small"> not polled</span>}
        </>
      ),
    },
    {
      id: 'queueCore',
      header: 'Core',
      numeric: true,
      width: 0.6,
      sortBy: ({ core }) => core,
      cell: ({ core }) => core,
    },
    {
      id: 'queueNuma',
      header: 'NUMA',
      numeric: true,
      width: 0.7,
      sortBy: ({ numa }) => numa,
      cell: ({ numa }) => numaText(numa),
    },
    {
      id: 'usage',
      header: 'Takes',
      unit: 'of its core',
      numeric: true,
      width: 1.2,
      sortBy: ({ usagePpm }) => toBigint(usagePpm),
      cell: ({ usagePpm }) => <Share ppm={usagePpm} />,
    },
  ];
}

function counterColumn(
  id: string,
  header: string,
  pick: (row: PmdRow) => string | null,
  loss: boolean,
  unit?: string,
): Column<PmdRow> {
  return {
    id,
    header,
    ...(unit === undefined ? {} : { unit }),
    numeric: true,
    width: loss || id === 'upcalls' ? 1 : 1.6,
    sortBy: (row) => toBigint(pick(row)),
    cell: (row) => {
      const value = pick(row);
      if (value === null) return <span className="unknown">unknown</span>;
      return <span className={loss && value !== '0' ? 'loss' : undefined}>{formatCount(value)}</span>;
    },
  };
}

const whole = 1_000_000n;

function shareOf(part: string | undefined, of: string | undefined): bigint | null {
  return part === undefined || of === undefined || of === '0' ? null : (BigInt(part) * whole) / BigInt(of);
}

interface TimeProps {
  readonly part: string | undefined;
  readonly of: string | undefined;
  readonly digits: number;
}

function Time({ part, of, digits }: TimeProps) {
  if (part === undefined || of === undefined || of === '0') return <span className="unknown">unknown</span>;
  return <>{formatRatio(BigInt(part), BigInt(of), digits)}</>;
}

function Share({ ppm }: { readonly ppm: string | null }) {
  if (ppm === null) return <span className="unknown">not told yet</span>;
  return <>{formatRatio(BigInt(ppm), whole, 1)}</>;
}

function toBigint(value: string | null): bigint | null {
  return value === null ? null : BigInt(value);
}
