import { Link } from '@tanstack/react-router';
import { useUrl } from '../url/use-url.ts';

/** Without it a link to an ancestor of this page would be marked as this page. */
const exact = { exact: true, includeSearch: false };

/** Fleet, host, port, queue: as far down as given. The top level has none: it would only repeat its title. */
export function Breadcrumb({
  host,
  port,
  queue,
}: {
  readonly host: string;
  readonly port?: string | undefined;
  readonly queue?: string | undefined;
}) {
  const search = useUrl().carried;
  return (
    <nav className="breadcrumb" aria-label="Breadcrumb">
      <ol>
        <li>
          <Link to="/" search={search} activeOptions={exact}>
            Fleet
          </Link>
        </li>
        <li>
          {port === undefined ? (
            <span aria-current="page">{host}</span>
          ) : (
            <Link to="/hosts/$host" params={{ host }} search={search} activeOptions={exact}>
              {host}
            </Link>
          )}
        </li>
        {port === undefined ? null : (
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
        {queue === undefined ? null : (
          <li>
            <span aria-current="page">{queue}</span>
          </li>
        )}
      </ol>
    </nav>
  );
}
