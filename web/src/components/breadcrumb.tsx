import { Link } from '@tanstack/react-router';
import { useUrl } from '../url/use-url.ts';

/** Without it a link to an ancestor of this page would be marked as this page. */
const exact = { exact: true, includeSearch: false };

/** Fleet, host, port, queue: as far down as given. */
export function Breadcrumb({
  host,
  port,
  queue,
  leaf,
}: {
  readonly host?: string;
  readonly port?: string;
  readonly queue?: string;
  /** A page beside the path. */
  readonly leaf?: string;
}) {
  const search = useUrl().carried;
  return (
    <nav className="breadcrumb" aria-label="Breadcrumb">
      <ol>
        <li>
          {host === undefined && leaf === undefined ? (
            <span aria-current="page">Fleet</span>
          ) : (
            <Link to="/" search={search} activeOptions={exact}>
              Fleet
            </Link>
          )}
        </li>
        {host === undefined ? null : (
          <li>
            {port === undefined ? (
              <span aria-current="page">{host}</span>
            ) : (
              <Link to="/hosts/$host" params={{ host }} search={search} activeOptions={exact}>
                {host}
              </Link>
            )}
          </li>
        )}
        {host === undefined || port === undefined ? null : (
          <li>
            {queue === undefined ? (
              <span aria-current="page">{port}</span>
            ) : (
              <Link to="/hosts/$host/ports/$port" params={{ host, port }} search={search} activeOptions={exact}>
                {port}
              </Link>
            )}
          </li>
        )}
        {leaf === undefined ? null : (
          <li>
            <span aria-current="page">{leaf}</span>
          </li>
        )}
        {queue === undefined ? null : (
          <li>
            <span aria-current="page">{queue}</span>
          </li>
        )}
      </ol>
    </nav>
  );
}
