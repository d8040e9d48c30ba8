import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { ChartPanel } from '../../web/src/charts/chart-panel.tsx';
import { lineOf } from '../../web/src/charts/columns.ts';
import type { Pane } from '../../web/src/charts/pane.ts';
import type { ChartSource, Frame } from '../../web/src/charts/source.ts';
import { formatPacketRate } from '../../web/src/format/rate.ts';

/** The page that frame-time.ts opens: one panel over many seconds, whose window moves on each frame. */

const query = new URLSearchParams(location.search);
const points = Number(query.get('points') ?? '100000');
const shown = Math.floor(points * Number(query.get('shown') ?? '0.5'));

const at = Array.from({ length: points }, (_, i) => i);
const own = at.map((i) => BigInt(1_000_000 + Math.floor(200_000 * Math.sin(i / 900) + ((i * 7_919) % 50_000))));
const lines = [lineOf('packets', own, 1)];
const regions: Frame['regions'] = [];
const listeners = new Set<() => void>();
let frame = frameAt(0);

function frameAt(fromSeconds: number): Frame {
  return { fromSeconds, toSeconds: fromSeconds + shown, stepSeconds: 1, at, lines, regions };
}

const source: ChartSource = {
  read: () => frame,
  subscribe: (listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

const pane: Pane = {
  name: 'Packets per second',
  say: (sum, stepSeconds) => formatPacketRate(sum, stepSeconds),
  kind: 'line',
  source,
  height: 300,
  leastMax: 1,
};

const root = document.getElementById('root');
if (root !== null) {
  createRoot(root).render(
    createElement(ChartPanel, {
      title: 'Panned',
      panes: [pane],
      zone: 'utc',
      syncKey: 'panned',
      onSelect: () => undefined,
    }),
  );
}

/** Moves the window once a frame, there and back; gives the milliseconds of script of each frame. */
async function pan(frames: number): Promise<number[]> {
  const spent: number[] = [];
  for (let i = 0; i < frames; i += 1) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const startMs = performance.now();
    const phase = (i % 200) / 100;
    frame = frameAt(Math.floor((points - shown) * (phase < 1 ? phase : 2 - phase)));
    for (const listener of listeners) listener();
    // React and the plot do their work in microtasks and in a message: wait for both.
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    await new Promise<void>((resolve) => queueMicrotask(resolve));
    spent.push(performance.now() - startMs);
  }
  return spent;
}

Object.assign(globalThis, { pan });
