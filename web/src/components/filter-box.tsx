import { useUrl } from '../url/use-url.ts';

/** The filter of the table on this page; `/` comes here, Esc leaves. */
export function FilterBox({
  label,
  shown,
  of,
}: {
  readonly label: string;
  readonly shown: number;
  readonly of: number;
}) {
  const { filter, setFilter } = useUrl();
  return (
    <div className="filter">
      <input
        type="search"
        data-filter=""
        aria-label={label}
        placeholder={`${label}  ( / )`}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
      />
      <span className="muted num" role="status">
        {filter === '' ? `${of}` : `${shown} of ${of}`}
      </span>
    </div>
  );
}
