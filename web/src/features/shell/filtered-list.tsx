import type { RowData } from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { useTenants } from '../../api/tenants.ts';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import type { Sort } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';

interface FilteredListProps<Row> {
  readonly title: string;
  /** What it is a list of, in a sentence. */
  readonly label: string;
  /** What one of them is called. */
  readonly one: string;
  readonly caption?: string;
  readonly choices: ReactNode;
  /** How many there are; `rows` are those that the filter finds. */
  readonly of: number;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly rowKey: (row: Row) => string;
  readonly defaultSort: Sort;
  readonly minWidth?: number;
  readonly children?: ReactNode;
}

/** A table of rows of two lines, below what is chosen of them. */
export function FilteredList<Row extends RowData>(props: FilteredListProps<Row>) {
  const { title, label, one, caption = title, choices, of, children, ...table } = props;
  const { sort, setSort } = useUrl();
  return (
    <section className="panel" aria-label={label}>
      <header className="panel-head">
        <h2>{title}</h2>
        <div className="choices">
          {choices}
          <FilterBox label={`Filter ${title.toLowerCase()}`} shown={table.rows.length} of={of} />
        </div>
      </header>
      <DataTable minWidth={1080} {...table} caption={caption} sort={sort} onSort={setSort} tall />
      {table.rows.length === 0 ? <p className="none">No {one} fits.</p> : null}
      {children}
    </section>
  );
}

export function TenantChoice({ label = 'Tenant', all = 'all tenants' }) {
  const { search, choose } = useUrl();
  const options = (useTenants().data?.items ?? []).map(({ name, displayName }) => [name, displayName] as const);
  const value = search.tenant ?? '';
  return <Choice label={label} all={all} value={value} options={options} choose={(name) => choose('tenant', name)} />;
}

export function StateChoice<State extends string>(props: {
  readonly states: readonly State[];
  readonly words: Readonly<Record<State, { readonly name: string }>>;
}) {
  const { search, choose } = useUrl();
  const options = props.states.map((state) => [state, props.words[state].name] as const);
  const value = search.state ?? '';
  return <Choice label="State" all="all states" value={value} options={options} choose={(to) => choose('state', to)} />;
}
