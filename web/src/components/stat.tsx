import type { ReactNode } from 'react';

/** One number with its name: small label, large figure, a line of context. */
export function Stat(props: {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  readonly picture?: ReactNode;
}) {
  const { label, value, note, picture } = props;
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd>
        <span className="stat-value num">{value}</span>
        {picture}
        {note === undefined ? null : <span className="stat-note">{note}</span>}
      </dd>
    </div>
  );
}

export function Stats({ children }: { readonly children: ReactNode }) {
  return <dl className="stats">{children}</dl>;
}
