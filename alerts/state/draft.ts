import type { AlertConfig } from './config.ts';
import type { AskedLine } from './route.ts';
import { ShardsDraft } from './shards.ts';
import type { KeptSilence } from './silence.ts';
import type { AlertRecord, Clock, Line, State } from './state.ts';

/** A state in the middle of one step. What it was made from stays as it is. */
export class Draft {
  readonly alerts: ShardsDraft<AlertRecord>;
  readonly lines: ShardsDraft<Line>;
  config: AlertConfig;
  silences: readonly KeptSilence[];
  readonly #clock: Clock;
  #wakeAt: number | null;
  #linesOpened: number;

  constructor(state: State, now: number) {
    const { clock } = state;
    this.alerts = new ShardsDraft(state.alerts);
    this.lines = new ShardsDraft(state.lines);
    this.config = state.config;
    this.silences = state.silences;
    this.#clock = { now, ahead: clock.ahead + Math.max(0, clock.now - now) };
    this.#wakeAt = state.wakeAt;
    this.#linesOpened = state.linesOpened;
  }

  /** By the caller's clock, unix seconds. */
  get now(): number {
    return this.#clock.now;
  }

  /** By the machine's, which never goes back. */
  get at(): number {
    return this.#clock.now + this.#clock.ahead;
  }

  get isDue(): boolean {
    return this.#wakeAt !== null && this.#wakeAt <= this.at;
  }

  /** By the caller's clock; null: nothing happens by itself. */
  get wakeAt(): number | null {
    return this.#wakeAt === null ? null : this.#wakeAt - this.#clock.ahead;
  }

  /**
   * Everything is looked at again, at the latest then, of the machine's time. In the next second at the earliest, and so once
   * a second.
   */
  wake(at: number): void {
    const soonest = Math.max(at, this.at + 1);
    if (this.#wakeAt === null || soonest < this.#wakeAt) this.#wakeAt = soonest;
  }

  /** Everything is being looked at. */
  awake(): void {
    this.#wakeAt = null;
  }

  /** The line as it is, opened when there is none. */
  line(asked: AskedLine): Line {
    const known = this.lines.get(asked.key);
    if (known !== undefined) return known;
    this.#linesOpened++;
    const serial = this.#linesOpened;
    const line: Line = { ...asked, serial, sequence: 0, openedAt: this.at, toldAt: null, newsAt: null };
    this.lines.set(line.key, line);
    return line;
  }

  done(): State {
    return {
      clock: this.#clock,
      wakeAt: this.#wakeAt,
      config: this.config,
      silences: this.silences,
      alerts: this.alerts.done(),
      lines: this.lines.done(),
      linesOpened: this.#linesOpened,
    };
  }
}
