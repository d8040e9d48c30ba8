import { useMemo } from 'react';
import type { PortSums } from '../../../../server/api/schema/ports.ts';
import { DataTable } from '../../components/data-table.tsx';
import type { Search, Sort } from '../../url/search.ts';
import { portRows } from './model.ts';
import { hostColumn, portColumns } from './port-columns.tsx';
import { useNow } from './use-now.ts';

/** Above this many rows, new live numbers do not sort the table anew each second: they are shown in place. */
const liveSortRowsMax = 2_000;

export function PortTable(props: {
  readonly items: readonly PortSums[];
  readonly withHost: boolean;
  readonly carried: Search;
  readonly sort: Sort | null;
  onSort(sort: Sort): void;
}) {
  const { items, withHost, carried, sort, onSort } = props;
  const { nowFor, version } = useNow();
  const beat = items.length > liveSortRowsMax ? 0 : version;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `beat` says that there are newer numbers.
  const rows = useMemo(() => portRows(items, nowFor), [items, nowFor, beat]);
  const columns = useMemo(() => {
    const own = portColumns(carried, nowFor);
    return withHost ? [hostColumn(carried), ...own] : own;
  }, [withHost, carried, nowFor]);
  return (
    <DataTable
      caption={withHost ? 'Ports of the fleet' : 'Ports of the host'}
      columns={columns}
      rows={rows}
      rowKey={({ key }) => key}
      sort={sort}
      defaultSort={{ id: 'port', desc: false }}
      onSort={onSort}
      minWidth={withHost ? 1200 : 1080}
    />
  );
}
