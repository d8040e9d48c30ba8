import { Link } from '@tanstack/react-router';
import type { LikelyCause } from '../../../../server/api/schema/breaches.ts';
import { useUrl } from '../../url/use-url.ts';
import { causeText } from './model.ts';

/** What ran beside it. That it was the cause is likely, and not proven. */
export function Causes({ causes }: { readonly causes: readonly LikelyCause[] }) {
  const { carried } = useUrl();
  return (
    <section className="panel" aria-label="Likely causes">
      <header className="panel-head">
        <h2>Ran beside it</h2>
        <span className="muted">The likeliest first; at the same time is not yet because of.</span>
      </header>
      {causes.length === 0 ? (
        <p className="none unknown">Nothing stood out beside it, or nothing was kept.</p>
      ) : (
        <ol className="causes">
          {causes.map((found) => (
            <li key={`${found.cause} ${found.host} ${found.port}`}>
              <p>
                <b className={found.cause === 'unknown' ? 'unknown' : 'num'}>{causeText(found)}</b>{' '}
                {found.host === '' ? null : (
                  <span className="muted">
                    on{' '}
                    {found.port === '' ? (
                      <Link to="/hosts/$host" params={{ host: found.host }} search={carried}>
                        {found.host}
                      </Link>
                    ) : (
                      <Link
                        to="/hosts/$host/ports/$port"
                        params={{ host: found.host, port: found.port }}
                        search={carried}
                      >
                        {found.host} {found.port}
                      </Link>
                    )}
                  </span>
                )}
              </p>
              {found.cause === 'unknown' ? null : <p className="muted">{found.detail}</p>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
