import {
  createColumnHelper,
  createSortedRowModel,
  type RowData,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { type ReactNode, useMemo, useRef } from 'react';
import type { Sort } from '../url/search.ts';
import { compareSortable, type Sortable } from './compare.ts';
import { Icon } from './icon.tsx';
import { useRowsInSight } from './rows-in-sight.ts';

export interface Column<Row> {
  /** Stands in the URL: letters only. */
  readonly id: string;
  readonly header: string;
  readonly unit?: string;
  /** Numbers stand right and start with the greatest. */
  readonly numeric?: boolean;
  /** Share of the width, as `fr`. */
  readonly width: number;
  readonly sortBy: (row: Row) => Sortable;
  readonly cell: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  readonly sort: Sort | null;
  readonly defaultSort: Sort;
  readonly minWidth?: number;
  /** Rows of two lines. */
  readonly tall?: boolean;
  onSort(sort: Sort): void;
}

const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });

/** A real table, sortable by the buttons in its header; long ones draw only the rows in sight. */
export function DataTable<Row extends RowData>(props: TableProps<Row>) {
  const { caption, columns, defaultSort, minWidth = 640, tall = false, onSort } = props;
  const sort = columns.some(({ id }) => id === props.sort?.id) && props.sort !== null ? props.sort : defaultSort;
  const rows = useSortedRows(props, sort);
  const scroll = useRef<HTMLElement>(null);
  const { long, above, shown, below } = useRowsInSight(rows.length, scroll, tall ? 'tall' : 'plain');
  const whole = columns.reduce((sum, { width }) => sum + width, 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section ref={scroll} className={long ? 'table-scroll long' : 'table-scroll'} aria-label={caption} tabIndex={0}>
      <table className={tall ? 'tall' : undefined} aria-rowcount={rows.length + 1} style={{ minWidth }}>
        <caption className="hidden">{caption}</caption>
        <colgroup>
          {columns.map(({ id, width }) => (
            <col key={id} style={{ width: `${(width / whole) * 100}%` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Header key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={above} columns={columns.length} />
          {shown.map((index) => {
            const row = rows[index];
            if (row === undefined) return null;
            return (
              <tr key={row.id} aria-rowindex={index + 2}>
                {columns.map((column, i) => (
                  <Cell key={column.id} column={column} row={row.original} first={i === 0} />
                ))}
              </tr>
            );
          })}
          <Spacer height={below} columns={columns.length} />
        </tbody>
      </table>
    </section>
  );
}

function useSortedRows<Row extends RowData>(props: TableProps<Row>, sort: Sort) {
  const { columns, rows, rowKey } = props;
  const definitions = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return columns.map((column) =>
      helper.accessor((row): unknown => column.sortBy(row) ?? undefined, {
        id: column.id,
        sortUndefined: 'last',
        sortFn: (a, b, id) =>
          compareSortable(a.getValue<Sortable | undefined>(id), b.getValue<Sortable | undefined>(id)),
      }),
    );
  }, [columns]);
  const sorting = useMemo(() => [{ id: sort.id, desc: sort.desc }], [sort.id, sort.desc]);
  const table = useTable({ features, columns: definitions, data: rows, state: { sorting }, getRowId: rowKey });
  return table.getRowModel().rows;
}

function Cell<Row>(props: { readonly column: Column<Row>; readonly row: Row; readonly first: boolean }) {
  const { column, row, first } = props;
  const className = column.numeric === true ? 'num right' : undefined;
  const content = column.cell(row);
  return first ? (
    <th scope="row" className={className}>
      {content}
    </th>
  ) : (
    <td className={className}>{content}</td>
  );
}

function Header<Row>(props: { readonly column: Column<Row>; readonly sort: Sort; onSort(sort: Sort): void }) {
  const { column, sort, onSort } = props;
  const active = sort.id === column.id;
  const next: Sort = { id: column.id, desc: active ? !sort.desc : column.numeric === true };
  return (
    <th
      scope="col"
      className={column.numeric === true ? 'right' : undefined}
      aria-sort={active ? (sort.desc ? 'descending' : 'ascending') : 'none'}
    >
      <button type="button" className="sort" onClick={() => onSort(next)}>
        {column.header}
        {column.unit === undefined ? null : <span className="unit"> {column.unit}</span>}
        {active ? <Icon name={sort.desc ? 'down' : 'up'} size={11} /> : null}
      </button>
    </th>
  );
}

/** Stands for the rows out of sight, so that the scrollbar is that of the whole table. */
function Spacer({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a row is no control and takes no focus.
    <tr aria-hidden="true" className="spacer">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
