import type { ReactNode } from 'react';
import { formatCount } from '../../format/count.ts';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import { directionName } from '../ports/model.ts';
import type { TimelineView } from './model.ts';
import { busyText, fillText, fullText, lossText, rateText, stallText, stallTitle } from './words.ts';

const rowsMax = 300;

/** The same as the picture, in figures: a table of steps, the youngest first, and one of owners over their stretches. */
export function TimelineTables({ view, zone }: { readonly view: TimelineView; readonly zone: Zone }) {
  return (
    <>
      <StepTable view={view} zone={zone} />
      <OwnerTable view={view} zone={zone} />
    </>
  );
}

interface Column {
  readonly head: string;
  readonly cell: (index: number) => string;
}

function columnsOf(view: TimelineView): Column[] {
  return [
    ...view.flows.flatMap((flow) => {
      const direction = directionName(flow.direction);
      return [
        { head: `Rate ${direction}`, cell: (i: number) => rateText(flow, i, view.stepSeconds) },
        { head: `Lost ${direction}`, cell: (i: number) => lossText(flow, i) },
      ];
    }),
    ...view.heats.map((heat) => ({
      head: `Ring ${directionName(heat.direction)}`,
      cell: (i: number) => fillText(heat, i, null),
    })),
    ...view.heats
      .filter(({ direction }) => direction === 'fromGuest')
      .map((heat) => ({ head: 'Back-pressure', cell: (i: number) => fullText(heat, i) })),
    ...view.stalls.map((stall) => ({ head: stallTitle(stall), cell: (i: number) => stallText(stall, i) })),
    ...view.busy.map((busy) => ({ head: `PMD ${busy.core} busy`, cell: (i: number) => busyText(busy, i) })),
  ];
}

function StepTable({ view, zone }: { readonly view: TimelineView; readonly zone: Zone }) {
  const columns = columnsOf(view);
  const shown = view.at
    .map((seconds, i) => ({ seconds, i }))
    .slice(-rowsMax)
    .reverse();
  const cut = view.at.length > rowsMax ? `, the last ${rowsMax} of ${view.at.length} steps` : '';
  return (
    <Scrolled name="Timeline, as a table">
      <caption className="hidden">
        Timeline, {zoneName(zone)}
        {cut}
      </caption>
      <thead>
        <tr>
          <th scope="col">Time, {zoneName(zone)}</th>
          {columns.map(({ head }) => (
            <th scope="col" className="right" key={head}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map(({ seconds, i }) => (
          <tr key={seconds}>
            <th scope="row" className="num">
              {formatInstant(seconds * 1_000, zone)}
            </th>
            {columns.map(({ head, cell }) => (
              <td className="num right" key={head}>
                {cell(i)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

function OwnerTable({ view, zone }: { readonly view: TimelineView; readonly zone: Zone }) {
  const rows = view.owners
    .flatMap(({ intervals }) => intervals)
    .sort((a, b) => b.fromSeconds - a.fromSeconds)
    .slice(0, rowsMax);
  if (rows.length === 0) return null;
  return (
    <Scrolled name="Owners, as a table">
      <caption className="hidden">Lost packets by owner, {zoneName(zone)}</caption>
      <thead>
        <tr>
          <th scope="col">From, {zoneName(zone)}</th>
          <th scope="col">To</th>
          <th scope="col">Owner</th>
          <th scope="col" className="right">
            Packets
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ cause, fromSeconds, toSeconds, packets }, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two directions may have the same stretch and owner.
          <tr key={`${i} ${cause} ${fromSeconds}`}>
            <th scope="row" className="num">
              {formatInstant(fromSeconds * 1_000, zone)}
            </th>
            <td className="num">{formatInstant(toSeconds * 1_000, zone).slice(11)}</td>
            <td>{cause}</td>
            <td className="num right">{formatCount(packets)}</td>
          </tr>
        ))}
      </tbody>
    </Scrolled>
  );
}

function Scrolled({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll chart-table" aria-label={name} tabIndex={0}>
      <table>{children}</table>
    </section>
  );
}
