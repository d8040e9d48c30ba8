import { useMemo } from 'react';
import type { LedgerDetail } from '../../../../server/api/schema/ledger.ts';
import { ChartPanel } from '../../charts/chart-panel.tsx';
import type { Pane } from '../../charts/pane.ts';
import { constantSource, type Frame } from '../../charts/source.ts';
import { formatCount } from '../../format/count.ts';
import { formatPacketRate } from '../../format/rate.ts';
import { formatInstant, type Zone } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { beyondBound, driftFrame, flowFrame, residualFrame } from './frames.ts';
import { isToldLater } from './model.ts';

/** What is left over in each step beside what it may be, and under it the traffic of that time. */
export function LedgerCharts({ detail }: { readonly detail: LedgerDetail }) {
  const { zone, select } = useUrl();
  const { panes, steps, drift } = useMemo(() => chartsOf(detail), [detail]);
  const { state, datapath } = detail.entry;
  return (
    <ChartPanel
      title={`Left over, ${datapath}`}
      panes={panes}
      zone={zone}
      syncKey="ledger"
      note={state === 'unknown' ? undefined : <Note steps={steps} drift={drift} zone={zone} />}
      onSelect={select}
    />
  );
}

interface Charts {
  readonly panes: readonly Pane[];
  readonly steps: Frame;
  /** null: what is told later would be drawn as a drift that is none. */
  readonly drift: Frame | null;
}

function chartsOf(detail: LedgerDetail): Charts {
  const { stepSeconds } = detail.series;
  const steps = residualFrame(detail);
  const drift = isToldLater(detail.entry) ? null : driftFrame(detail);
  const band = { kind: 'band', say: (packets: bigint) => formatCount(packets), leastMax: 1 } as const;
  const flow: Pane = {
    name: 'Packets per second',
    say: (sum, seconds) => formatPacketRate(sum, seconds),
    kind: 'line',
    source: constantSource(flowFrame(detail)),
    height: 130,
    leastMax: 1,
  };
  const each: Pane = {
    ...band,
    name: `Left over in each ${stepSeconds === 1 ? 'second' : `${stepSeconds} s`}, packets`,
    source: constantSource(steps),
    height: 130,
  };
  if (drift === null) return { panes: [each, flow], steps, drift };
  const added: Pane = {
    ...band,
    name: 'Added up since the start, or since the last gap, packets',
    source: constantSource(drift),
    height: 120,
  };
  return { panes: [each, added, flow], steps, drift };
}

function Note(props: { readonly steps: Frame; readonly drift: Frame | null; readonly zone: Zone }) {
  const { steps, drift, zone } = props;
  const later = drift === null;
  const stepText = beyondText('is', steps, zone);
  const driftText = drift === null ? null : beyondText('adds up to', drift, zone);
  if (stepText === null && driftText === null && !later) return <>No step, and no sum of steps, is beyond its bound.</>;
  return (
    <>
      {stepText === null ? 'No step is beyond its bound. ' : <BeyondText text={stepText} calm={later} />}
      {driftText === null ? null : <BeyondText text={driftText} calm={false} />}
      {later
        ? 'Drops inside, copies and packets taken by the switch are told for stretches of some seconds: they are taken off the sum above, and not off the steps here.'
        : null}
    </>
  );
}

function BeyondText({ text, calm }: { readonly text: string; readonly calm: boolean }) {
  return <span className={calm ? undefined : 'left-bad'}>{text} </span>;
}

function beyondText(verb: 'is' | 'adds up to', frame: Frame, zone: Zone): string | null {
  const beyond = beyondBound(frame);
  if (beyond === null) return null;
  const at = formatInstant(beyond.firstSeconds * 1_000, zone).slice(11);
  const steps = `${formatCount(`${beyond.steps}`)} ${beyond.steps === 1 ? 'step' : 'steps'}`;
  return verb === 'is'
    ? `${steps} beyond the bound, the first at ${at}; the most is ${formatCount(beyond.most)}.`
    : `Added up, it leaves its bound at ${at} and reaches ${formatCount(beyond.most)}.`;
}
