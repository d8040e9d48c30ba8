import type { TickEvent } from '../../../server/api/schema/stream.ts';

export type PortTick = TickEvent['ports'][number];

export type LinePhase = 'connecting' | 'open' | 'broken';

export interface LineEvents {
  onTick(tick: TickEvent): void;
  /** Something was missed: what is on the page must be asked for anew. */
  onReset(): void;
  onPhase(phase: LinePhase): void;
}

export interface LiveFilter {
  readonly host?: string;
  readonly port?: string;
}

export interface LineState {
  readonly phase: LinePhase;
  /** By the clock of this machine. */
  readonly sinceMs: number;
}

/** The youngest of everything the stream brought. Tables look once a second; charts are told of each tick. */
export interface Live {
  watch(filter: LiveFilter): () => void;
  latest(host: string, port: string, direction: string): PortTick | undefined;
  /** Last closed slot, unix seconds. */
  lastSlots(): ReadonlyMap<string, number>;
  state(): LineState;
  version(): number;
  subscribe(listener: () => void): () => void;
  onTick(listener: (tick: TickEvent) => void): () => void;
  onReset(listener: () => void): () => void;
}

export interface LiveParts {
  openLine(filter: { host?: string | undefined; port?: string | undefined }, events: LineEvents): () => void;
  nowMs(): number;
  /** Runs `task` after `delayMs`. */
  later(task: () => void, delayMs: number): void;
  hidden(): boolean;
}

/** Tables are patched at most this often. */
const patchEveryMs = 1_000;

export function createLive(parts: LiveParts): Live {
  const ports = new Map<string, PortTick>();
  const slots = new Map<string, number>();
  const listeners = new Set<() => void>();
  const tickListeners = new Set<(tick: TickEvent) => void>();
  const resetListeners = new Set<() => void>();
  let state: LineState = { phase: 'connecting', sinceMs: parts.nowMs() };
  let version = 0;
  let patchedMs = Number.NEGATIVE_INFINITY;
  let planned = false;

  function tell(): void {
    planned = false;
    patchedMs = parts.nowMs();
    version += 1;
    for (const listener of listeners) listener();
  }

  function tellSoon(): void {
    if (planned) return;
    planned = true;
    // In the background only the newest values are kept; a look is planned for later, and timers there are slow anyway.
    const pause = parts.hidden() ? patchEveryMs * 10 : patchEveryMs;
    parts.later(tell, Math.max(0, patchedMs + pause - parts.nowMs()));
  }

  const events: LineEvents = {
    onTick: (tick) => {
      slots.set(tick.host, Math.max(tick.slot, slots.get(tick.host) ?? 0));
      for (const port of tick.ports) ports.set(keyOf(tick.host, port.port, port.direction), port);
      for (const listener of tickListeners) listener(tick);
      tellSoon();
    },
    onReset: () => {
      for (const listener of resetListeners) listener();
    },
    onPhase: (phase) => {
      if (phase === state.phase) return;
      state = { phase, sinceMs: parts.nowMs() };
      tellSoon();
    },
  };

  return {
    watch: (filter) => {
      ports.clear();
      slots.clear();
      return parts.openLine({ host: filter.host, port: filter.port }, events);
    },
    latest: (host, port, direction) => ports.get(keyOf(host, port, direction)),
    lastSlots: () => slots,
    state: () => state,
    version: () => version,
    subscribe: (listener) => add(listeners, listener),
    onTick: (listener) => add(tickListeners, listener),
    onReset: (listener) => add(resetListeners, listener),
  };
}

function keyOf(host: string, port: string, direction: string): string {
  return `${host}\n${port}\n${direction}`;
}

function add<T>(set: Set<T>, item: T): () => void {
  set.add(item);
  return () => {
    set.delete(item);
  };
}
