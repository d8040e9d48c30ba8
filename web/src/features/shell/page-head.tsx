import { Breadcrumb } from '../../components/breadcrumb.tsx';
import { formatInstant, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { type Completeness, completeText, revisionText, silentNames, silentText } from './model.ts';
import { RangePicker } from './range-picker.tsx';

/** Where one is, of which time, and up to when it is complete. */
export function PageHead(props: {
  readonly title: string;
  readonly host?: string;
  readonly port?: string;
  readonly queue?: string;
  readonly ranged?: boolean;
  readonly window?: { readonly from: string; readonly to: string } | undefined;
  /** What the answer says of how far it is complete; undefined: not asked yet. */
  readonly complete?: Completeness | undefined;
}) {
  const { title, host, port, queue, ranged = true, window, complete } = props;
  const { zone } = useUrl();
  return (
    <div className="page-head">
      <title>{`${title} · Fournines`}</title>
      <div>
        {host === undefined ? null : <Breadcrumb host={host} port={port} queue={queue} />}
        <h1>{title}</h1>
      </div>
      {ranged ? (
        <div className="page-time">
          <RangePicker />
          <p className="as-of num">
            {window === undefined ? '' : `${windowText(window, zone)} · `}
            {complete === undefined ? null : (
              <span title={revisionText(complete, zone)}>{completeText(complete, zone)}</span>
            )}{' '}
            {zoneName(zone)}
            {complete === undefined || complete.silent.count === 0 ? null : (
              <span className="silent" title={silentNames(complete, zone)}>
                {' · '}
                {silentText(complete, zone)}
              </span>
            )}
          </p>
        </div>
      ) : (
        <p className="as-of">Now, last slot of each host · {zoneName(zone)}</p>
      )}
    </div>
  );
}

function windowText({ from, to }: { readonly from: string; readonly to: string }, zone: 'utc' | 'local'): string {
  const start = formatInstant(Date.parse(from), zone);
  const end = formatInstant(Date.parse(to), zone);
  return start.slice(0, 10) === end.slice(0, 10) ? `${start} – ${end.slice(11)}` : `${start} – ${end}`;
}
