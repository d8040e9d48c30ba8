import type { Alert, Labels, Severity } from '../alert.ts';
import { type AlertConfig, noConfig } from './config.ts';
import { noShards, type Shards } from './shards.ts';
import type { KeptSilence } from './silence.ts';

/**
 * All that is remembered between two steps: plain JSON, never changed in place. It is bounded by its configuration: at most
 * `limits.alerts` alerts, each with at most one mark a receiver; a line for each receiver of each alert that goes on, and of
 * others no more than make four lines for each alert that may be kept; `limits.silences` silences.
 */
export interface State {
  readonly clock: Clock;
  /** By the machine's time; null: nothing happens by itself. */
  readonly wakeAt: number | null;
  readonly config: AlertConfig;
  readonly silences: readonly KeptSilence[];
  /** By fingerprint. */
  readonly alerts: Shards<AlertRecord>;
  /** By their key. */
  readonly lines: Shards<Line>;
  /** Counts lines that were ever opened: none is taken for an earlier one of the same group. */
  readonly linesOpened: number;
}

/**
 * The machine's time is the caller's plus `ahead`, and never goes back: when the caller's clock does, `ahead` grows, so that
 * waits go on as they were. Silences have ends that people chose, and go by the caller's.
 */
export interface Clock {
  /** The caller's last, unix seconds. */
  readonly now: number;
  readonly ahead: number;
}

/** One alert. Instants but those in `alert` are of the machine's time. */
export interface AlertRecord {
  readonly alert: Alert;
  /** As it was when it was last known; null: it never was. */
  readonly known: 'firing' | 'resolved' | null;
  /** It fired, and another alert says that nobody can tell whether it goes on. */
  readonly isFrozen: boolean;
  /** Number of the last change that is told by itself. */
  readonly news: number;
  /** The highest level of the budget since it began to fire; null: none was reached. */
  readonly levelReached: number | null;
  /** When its last change came. */
  readonly seenAt: number;
  readonly acknowledged: Acknowledgement | null;
  /** Since when nobody has acknowledged it. */
  readonly openSince: number;
  /** The change since which it is what it is: whoever saw an earlier one has not seen this. */
  readonly openEntry: number;
  /** When it began to fire or was over, as far back as flapping goes by. */
  readonly flips: readonly number[];
  /** It flaps, unless it is quiet up to here; null: it did not. */
  readonly heldUntil: number | null;
  /** Where it is to be told now. */
  readonly ways: readonly Way[];
  /** What it hides while it fires, and what hides it, as keys of inhibit.ts. */
  readonly hides: readonly string[];
  readonly hiddenBy: readonly string[];
  /** Who was told that it fires and not yet that it is over. */
  readonly told: readonly Told[];
}

export interface Acknowledgement {
  readonly by: string;
  /** What it was when they saw it. */
  readonly severity: Severity;
}

/** One a receiver. */
export interface Way {
  readonly receiver: string;
  readonly line: string;
}

export interface Told {
  readonly receiver: string;
  /**
   * The line that told it first; it tells all that follows until the alert is over, so that a receiver can tell them
   * together.
   */
  readonly line: string;
  /** Number of the change that was told last. */
  readonly entry: number;
  readonly since: number;
  readonly isFlapping: boolean;
  /** false: it was only counted, because there was no room for it. */
  readonly isNamed: boolean;
}

/** What is told of one group to one receiver. */
export interface Line {
  readonly key: string;
  readonly tenant: string | null;
  readonly route: string;
  readonly group: { readonly key: string; readonly labels: Labels };
  readonly receiver: string;
  /** Its route's; as they were last, once the route is gone. */
  readonly terms: LineTerms;
  /** Its number among all lines. */
  readonly serial: number;
  /** Notifications so far. */
  readonly sequence: number;
  readonly openedAt: number;
  readonly toldAt: number | null;
  /** When what waits is told; null: nothing waits. */
  readonly newsAt: number | null;
}

export interface LineTerms {
  readonly waitSeconds: number;
  readonly intervalSeconds: number;
  readonly repeatSeconds: number | null;
  /** It is told of what these receivers were told of so long ago; null: of everything. */
  readonly escalates: { readonly from: readonly string[]; readonly afterSeconds: number } | null;
  /** Its receiver does: what is news is told alone, and all of it. */
  readonly groupsItself?: true;
}

export const emptyState: State = {
  clock: { now: 0, ahead: 0 },
  wakeAt: null,
  config: noConfig,
  silences: [],
  alerts: noShards(),
  lines: noShards(),
  linesOpened: 0,
};
