import type { ReactNode } from 'react';
import { useWatch } from '../../live/use-live.ts';
import '../../theme/sla.css';
import { StaleBanner } from './stale-banner.tsx';

/** A page of promises: each figure has a window of its own, so there is no range to choose. */
export function SlaPage(props: {
  readonly title: string;
  /** The way to here. */
  readonly trail?: ReactNode;
  /** Of which time this is. */
  readonly time?: ReactNode;
  readonly children: ReactNode;
}) {
  const { title, trail, time, children } = props;
  useWatch();
  return (
    <>
      <div className="page-head">
        <title>{`${title} · Fournines`}</title>
        <div>
          {trail}
          <h1>{title}</h1>
        </div>
        {time === undefined ? null : <div className="as-of num">{time}</div>}
      </div>
      <StaleBanner />
      {children}
    </>
  );
}
