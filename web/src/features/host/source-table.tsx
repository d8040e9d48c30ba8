import type { HostDetail } from '../../../../server/api/schema/hosts.ts';
import { Badge } from '../../components/badge.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Empty } from '../../components/states.tsx';
import type { Tone } from '../../components/tone.ts';
import { formatCount } from '../../format/count.ts';
import { formatDurationNs } from '../../format/duration.ts';
import { useUrl } from '../../url/use-url.ts';

type Source = HostDetail['sources'][number];

const tones: Record<string, Tone> = { ok: 'ok', failed: 'bad', timeout: 'bad', disabled: 'neutral', absent: 'unknown' };

const columns: Column<Source>[] = [
  { id: 'source', header: 'Source', width: 2, sortBy: ({ source }) => source, cell: ({ source }) => source },
  {
    id: 'state',
    header: 'State',
    width: 1,
    sortBy: ({ state }) => state,
    cell: ({ state }) => <Badge tone={tones[state] ?? 'unknown'}>{state}</Badge>,
  },
  {
    id: 'duration',
    header: 'Gather took',
    numeric: true,
    width: 1,
    sortBy: ({ durationNs }) => BigInt(durationNs),
    cell: ({ durationNs }) => formatDurationNs(durationNs),
  },
  {
    id: 'rows',
    header: 'Rows',
    numeric: true,
    width: 1,
    sortBy: ({ rows }) => rows,
    cell: ({ rows }) => formatCount(`${rows}`),
  },
  {
    id: 'errors',
    header: 'Errors',
    unit: 'since start',
    numeric: true,
    width: 1,
    sortBy: ({ errors }) => BigInt(errors),
    cell: ({ errors }) => <span className={errors === '0' ? undefined : 'loss'}>{formatCount(errors)}</span>,
  },
  {
    id: 'code',
    header: 'Last code',
    width: 1.6,
    sortBy: ({ code }) => code,
    cell: ({ code }) => (code === '' ? <span className="muted">none</span> : <code>{code}</code>),
  },
];

/** What the collector reads, and whether it could. */
export function SourceTable({ detail }: { readonly detail: HostDetail }) {
  const { sort, setSort } = useUrl();
  if (detail.sources.length === 0)
    return <Empty title="No sources">The collector has not reported any source yet.</Empty>;
  return (
    <section className="panel" aria-label="Sources">
      <DataTable
        caption="Sources"
        columns={columns}
        rows={detail.sources}
        rowKey={({ source }) => source}
        sort={sort}
        defaultSort={{ id: 'source', desc: false }}
        onSort={setSort}
      />
    </section>
  );
}
