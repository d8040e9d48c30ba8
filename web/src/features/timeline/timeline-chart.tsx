import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import type { PortBursts } from '../../../../server/api/schema/bursts.ts';
import { timeLabels, timeSteps } from '../../charts/axis.ts';
import { useWidth } from '../../components/use-width.ts';
import type { Zone } from '../../format/time.ts';
import { BurstRows } from '../bursts/burst-rows.tsx';
import { stepBursts } from '../bursts/model.ts';
import type { CursorStore } from './cursor.ts';
import { Readout } from './lane.tsx';
import { BusyLane, HeatLane, LossLane, PressureLane, RateLane, StallLane } from './lanes-view.tsx';
import { fillRows, rowAfter, stepAfter, stepAt, type TimelineView } from './model.ts';
import { CauseRows, OwnerRows } from './stretches.tsx';
import { stepWords, stretchText } from './words.ts';

interface ChartProps {
  readonly view: TimelineView;
  /** undefined: not told yet. */
  readonly bursts: PortBursts | undefined;
  readonly cursor: CursorStore;
  readonly zone: Zone;
  /** The step that is opened, unix seconds. */
  readonly pinned: number | null;
  pin(atSeconds: number | null): void;
  select(fromSeconds: number, toSeconds: number): void;
}

/** Movements shorter than this are a click, px. */
const dragPixels = 4;

/** All lanes on one axis of time, with one cursor over them: moved by the mouse, or by keys on the axis. */
export function TimelineChart(props: ChartProps) {
  const { view, bursts, cursor, zone, pinned, pin, select } = props;
  const { ref: box, width } = useWidth<HTMLDivElement>();
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number } | null>(null);
  const axis = useRef<HTMLDivElement>(null);
  // The lanes tell the step that is opened for as long as nobody points at another.
  useEffect(() => cursor.set({ atSeconds: pinned, row: null }), [cursor, pinned]);
  const secondsAt = (x: number) => view.fromSeconds + (x / Math.max(1, width)) * (view.toSeconds - view.fromSeconds);
  const xOf = (event: PointerEvent) => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    return Math.min(Math.max(event.clientX - left, 0), Math.max(1, width) - 1);
  };
  const onMove = (event: PointerEvent) => {
    const x = xOf(event);
    if (drag !== null) setDrag({ ...drag, to: x });
    const index = stepAt(view, secondsAt(x));
    cursor.set({ atSeconds: index === null ? null : (view.at[index] ?? null), row: rowUnder(event) });
  };
  const onUp = (event: PointerEvent) => {
    const x = xOf(event);
    const from = drag?.from ?? x;
    setDrag(null);
    if (Math.abs(x - from) >= dragPixels) return select(secondsAt(Math.min(x, from)), secondsAt(Math.max(x, from)));
    const index = stepAt(view, secondsAt(x));
    if (index !== null) pin(view.at[index] ?? null);
    axis.current?.focus({ preventScroll: true });
  };
  return (
    <div
      className="tl"
      onPointerDown={(event) => {
        if (event.button === 0) setDrag({ from: xOf(event), to: xOf(event) });
      }}
      onPointerMove={onMove}
      onPointerUp={(event) => {
        if (event.button === 0) onUp(event);
      }}
      onPointerLeave={() => {
        setDrag(null);
        cursor.set({ atSeconds: pinned, row: null });
      }}
    >
      <Lanes {...{ view, bursts, cursor, zone }} />
      <Axis ref={axis} {...{ view, cursor, zone, width, pin, pinned }} />
      <div className="tl-over" ref={box} aria-hidden="true">
        <CursorLine view={view} cursor={cursor} />
        {pinned === null ? null : <Mark view={view} atSeconds={pinned} className="tl-pin" />}
        {drag === null || Math.abs(drag.to - drag.from) < dragPixels ? null : (
          <div
            className="tl-drag"
            style={{ left: Math.min(drag.from, drag.to), width: Math.abs(drag.to - drag.from) }}
          />
        )}
      </div>
    </div>
  );
}

function Lanes({ view, bursts, cursor, zone }: Pick<ChartProps, 'view' | 'bursts' | 'cursor' | 'zone'>) {
  const stretchOf = (index: number) => {
    const at = view.at[index] ?? view.fromSeconds;
    return { fromSeconds: at, toSeconds: at + view.stepSeconds };
  };
  const owned = view.owners.flatMap(({ intervals }) => intervals);
  const said = (intervals: TimelineView['causes']) => (
    <Readout {...{ view, cursor }} say={(i) => stretchText(intervals, stretchOf(i), zone) || 'none told'} />
  );
  // A network card has neither a guest nor rings that are read: there is nothing to be missed.
  const isGuests = view.flows.some(({ direction }) => direction === 'toGuest' || direction === 'fromGuest');
  const fromGuest = view.heats.find(({ direction }) => direction === 'fromGuest');
  return (
    <>
      <RateLane {...{ view, cursor }} />
      {view.flows.map((flow) => (
        <LossLane key={flow.direction} {...{ view, cursor, flow }} />
      ))}
      <CauseRows view={view} readout={said(view.causes)} />
      <OwnerRows view={view} readout={said(owned)} />
      {bursts === undefined ? null : (
        <BurstRows
          told={bursts}
          window={view}
          readout={<Readout {...{ view, cursor }} say={(i) => stepBursts(bursts, stretchOf(i)) || 'none'} />}
        />
      )}
      {view.heats.map((heat) => (
        <HeatLane key={heat.direction} {...{ view, cursor, heat }} />
      ))}
      {isGuests && view.heats.length === 0 ? (
        <Missing name="Rings">
          No ring of this port was sampled in this window: how full they were is not known.
        </Missing>
      ) : null}
      {fromGuest === undefined ? null : <PressureLane {...{ view, cursor, heat: fromGuest }} />}
      {view.stalls.map((stall) => (
        <StallLane key={stall.of} {...{ view, cursor, stall }} />
      ))}
      {!isGuests || view.stalls.some(({ of }) => of === 'guest') ? null : (
        <Missing name="Threads of the guest">
          {view.guest === null
            ? 'Nobody told which guest is behind this port: how long it stood still is not known.'
            : `No thread of ${view.guest} was read in this window: how long it stood still is not known.`}
        </Missing>
      )}
      {view.busy.length === 0 ? (
        <Missing name="Polling threads">
          {isGuests
            ? 'Nobody told which threads poll this port.'
            : 'Nobody told a thread that polls this port: the kernel serves it, or its queues were not read.'}
        </Missing>
      ) : (
        <BusyLane {...{ view, cursor }} />
      )}
    </>
  );
}

/** A part that nobody told looks like every other thing that is not known. */
function Missing({ name, children }: { readonly name: string; readonly children: string }) {
  return (
    <p className="tl-missing">
      <b>{name}</b> {children}
    </p>
  );
}

/** Row of the heat map under the pointer; null: it is over another lane. */
function rowUnder(event: PointerEvent): number | null {
  const target = event.target instanceof Element ? event.target.closest('[data-heat] .tl-plot') : null;
  if (target === null) return null;
  const { top, height } = target.getBoundingClientRect();
  const row = fillRows - 1 - Math.floor(((event.clientY - top) / Math.max(1, height)) * fillRows);
  return Math.min(Math.max(row, 0), fillRows - 1);
}

function CursorLine({ view, cursor }: Pick<ChartProps, 'view' | 'cursor'>) {
  const { atSeconds } = useSyncExternalStore(cursor.subscribe, cursor.read);
  return atSeconds === null ? null : <Mark view={view} atSeconds={atSeconds} className="tl-cursor" />;
}

/** As wide as its step, and never thinner than a line. */
function Mark(props: { readonly view: TimelineView; readonly atSeconds: number; readonly className: string }) {
  const { view, atSeconds, className } = props;
  if (stepAt(view, atSeconds) === null) return null;
  const length = view.toSeconds - view.fromSeconds;
  const left = `${((atSeconds - view.fromSeconds) / length) * 100}%`;
  return <div className={className} style={{ left, width: `max(1px, ${(view.stepSeconds / length) * 100}%)` }} />;
}

const labelPixels = 84;

/** The axis of time is what takes the keys. */
function Axis(
  props: Pick<ChartProps, 'view' | 'cursor' | 'zone' | 'pin' | 'pinned'> & {
    readonly width: number;
    readonly ref: React.Ref<HTMLDivElement>;
  },
) {
  const { view, cursor, zone, width, pin, pinned, ref } = props;
  const { atSeconds, row } = useSyncExternalStore(cursor.subscribe, cursor.read);
  const shown = atSeconds ?? pinned;
  const index = shown === null ? null : stepAt(view, shown);
  const steps = view.at.length;
  const length = view.toSeconds - view.fromSeconds;
  const onKeyDown = (event: KeyboardEvent) => {
    const nextRow = rowAfter(event.key, row);
    const next = stepAfter(event.key, index, steps);
    if (event.key === 'Enter' || event.key === ' ') {
      if (index !== null) pin(view.at[index] ?? null);
    } else if (event.key === 'Escape') {
      pin(null);
      cursor.set({ atSeconds: null, row: null });
    } else if (nextRow !== null) cursor.set({ atSeconds: view.at[index ?? steps - 1] ?? null, row: nextRow });
    else if (next !== null) cursor.set({ atSeconds: view.at[next] ?? null, row });
    else return;
    event.preventDefault();
  };
  const every = timeSteps.find((step) => (step / length) * Math.max(1, width) >= labelPixels) ?? 86_400;
  const first = Math.ceil(view.fromSeconds / every) * every;
  const ticks = Array.from(
    { length: Math.max(0, Math.ceil((view.toSeconds - first) / every)) },
    (_, i) => first + i * every,
  );
  const labels = timeLabels(ticks, every, zone);
  const isInside = (tick: number) => {
    const x = ((tick - view.fromSeconds) / length) * width;
    return x > labelPixels / 3 && x < width - labelPixels / 3;
  };
  return (
    <div
      ref={ref}
      className="tl-axis"
      role="slider"
      tabIndex={0}
      aria-label="Cursor over time; arrow keys move it, Enter opens a step"
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={Math.max(0, steps - 1)}
      aria-valuenow={index ?? Math.max(0, steps - 1)}
      aria-valuetext={index === null ? 'no step chosen' : stepWords(view, index, row, zone)}
      onKeyDown={onKeyDown}
    >
      {ticks.map((tick, i) => (
        <span key={tick} style={{ left: `${((tick - view.fromSeconds) / length) * 100}%` }}>
          {isInside(tick) ? labels[i] : ''}
        </span>
      ))}
    </div>
  );
}
