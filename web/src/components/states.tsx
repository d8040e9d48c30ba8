import type { ReactNode } from 'react';
import { ApiError } from '../api/client.ts';
import { Icon } from './icon.tsx';

/** The states a view can be in besides having numbers. Each looks and reads differently from the others. */

export function Loading({ what, rows = 6 }: { readonly what: string; readonly rows?: number }) {
  return (
    <div className="state-loading" role="status" aria-label={`Loading ${what}`}>
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: bars that look alike and never move.
        <div className="bone" key={i} style={{ width: `${92 - ((i * 17) % 40)}%` }} />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div className="state state-empty">
      <Icon name="idle" size={20} />
      <div>
        <h3>{title}</h3>
        <div className="state-text">{children}</div>
      </div>
    </div>
  );
}

export function Failure({ error, retry }: { readonly error: unknown; retry?: () => void }) {
  const { title, code, detail, hint, errors } = problemText(error);
  return (
    <div className="state state-error" role="alert">
      <Icon name="bad" size={20} />
      <div>
        <h3>
          {title} <code>{code}</code>
        </h3>
        <p>{detail}</p>
        {errors.map(({ where, problem }) => (
          <p key={where}>
            <code>{where}</code> {problem}
          </p>
        ))}
        {hint === '' ? null : <p className="muted">{hint}</p>}
        {retry === undefined ? null : (
          <button type="button" onClick={retry}>
            Try again
          </button>
        )}
      </div>
    </div>
  );
}

/** A window in which nothing is known: not zero, and not good. */
export function NoData({ children }: { readonly children: ReactNode }) {
  return (
    <div className="state state-nodata">
      <Icon name="unknown" size={20} />
      <div>
        <h3>No data</h3>
        <div className="state-text">{children}</div>
      </div>
    </div>
  );
}

function problemText(error: unknown) {
  if (error instanceof ApiError) return { errors: [], ...error.problem };
  return {
    title: 'The page failed',
    code: 'PAGE_INTERNAL',
    detail: String(error),
    hint: 'Reload the page.',
    errors: [],
  };
}
