/** Four strokes, the last one short: what is missing from a hundred. */
export function Wordmark() {
  return (
    <span className="wordmark">
      <svg width="22" height="18" viewBox="0 0 22 18" aria-hidden="true">
        <g fill="var(--accent)">
          <rect x="1" y="1" width="3.4" height="16" rx="1" />
          <rect x="6.4" y="1" width="3.4" height="16" rx="1" />
          <rect x="11.8" y="1" width="3.4" height="16" rx="1" />
        </g>
        <rect x="17.2" y="5" width="3.4" height="12" rx="1" fill="var(--warn)" />
      </svg>
      Fournines
    </span>
  );
}
