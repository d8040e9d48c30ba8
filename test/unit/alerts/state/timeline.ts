import { expect } from 'vitest';
import type { Alert, AlertStatus, Labels } from '../../../../alerts/alert.ts';
import { fingerprintOf, hashOf } from '../../../../alerts/fingerprint.ts';
import type { Notification, NotificationReason } from '../../../../alerts/notification.ts';
import type { AlertConfig } from '../../../../alerts/state/config.ts';
import { type Input, type Step, step } from '../../../../alerts/state/machine.ts';
import { emptyState, type State } from '../../../../alerts/state/state.ts';
import { type AlertParts, anAlert, matchers } from './an-alert.ts';

/**
 * Tells a story on a clock that only the story moves, and what receivers hear of it:
 *
 *     timeline(aConfig({}), (t) => {
 *       t.at(0).fires('p1');
 *       t.hears('ops', { between: [30, 31], reason: 'new', alerts: ['p1'] });
 *       t.at(100).over('p1');
 *       t.hears('ops', { between: [330, 331], reason: 'resolved', alerts: ['p1 over'] });
 *       t.silent([332, 10_000]);
 *     });
 *
 * Whatever happens, happens twice: the second time must change nothing. Nobody may hear more than the story says.
 */
export function timeline(config: AlertConfig, story: (t: Timeline) => void): void {
  const t = new Timeline();
  t.configure(config);
  story(t);
  expect(t.unheard(), 'heard, and not in the story').toEqual([]);
}

export interface Heard {
  /** Seconds of the story, both included. */
  readonly between: readonly [from: number, to: number];
  readonly reason: NotificationReason;
  /** `p1` fires; `p1 over`, `p1 unknown`, `p1 flapping`; `p1 !` is critical. In their order. */
  readonly alerts: readonly string[];
  readonly leftOut?: number;
}

/** Labels of what is called `p1`: a port of host `a`; `b/p1` is one of host `b`; `host a` is the host itself. */
export type Named = string;

export class Timeline {
  state: State = emptyState;
  readonly notifications: Notification[] = [];
  now = 0;
  /** Of the last happening. */
  refused: Step['refused'] = null;
  /** The order of equals in a notification, of texts as in `Heard`. */
  readonly byFingerprint = (a: string, b: string): number =>
    fingerprintOf(labelsOf(plain(a))) < fingerprintOf(labelsOf(plain(b))) ? -1 : 1;
  #wakeAt: number | null = null;
  readonly #entries = new Map<string, number>();
  readonly #alerts = new Map<string, Alert>();
  #unheard: Notification[] = [];

  /** Moves the clock, waking the machine whenever it asked for it. Back, it only sets it. */
  at(seconds: number): this {
    while (this.#wakeAt !== null && this.#wakeAt <= seconds) {
      this.now = Math.max(this.now, this.#wakeAt);
      this.take({ kind: 'time' });
    }
    this.now = seconds;
    return this;
  }

  fires(...names: readonly Named[]): this {
    return this.pushAll(names, { status: 'firing' });
  }

  over(...names: readonly Named[]): this {
    return this.pushAll(names, { status: 'resolved' });
  }

  unknown(...names: readonly Named[]): this {
    return this.pushAll(names, { status: 'unknown' });
  }

  pushAll(names: readonly Named[], parts: Omit<AlertParts, 'labels'>): this {
    for (const name of names) this.push(name, parts);
    return this;
  }

  /** A change of it; what it does not say is as it was. */
  push(name: Named, parts: Partial<AlertParts> = {}): this {
    const labels = parts.labels ?? labelsOf(name);
    const before = this.#alerts.get(name);
    const entry = parts.entry ?? this.lastEntry(name) + 1;
    const alert = anAlert({
      at: this.now,
      startsAt: before === undefined || before.status === 'resolved' ? this.now : before.startsAt,
      status: before?.status ?? 'firing',
      severity: before?.severity ?? 'warning',
      acknowledgedBy: before?.facts.acknowledgedBy ?? null,
      ...parts,
      labels,
      entry,
    });
    // One that comes late is not what the alert is.
    if (entry > this.lastEntry(name)) {
      this.#entries.set(name, entry);
      this.#alerts.set(name, alert);
    }
    return this.take({ kind: 'alert', alert });
  }

  /** `seen`: the change that the operator saw; its last when left out. */
  acknowledge(name: Named, by = 'an operator', seen = this.lastEntry(name)): this {
    return this.take({ kind: 'acknowledged', fingerprint: fingerprintOf(labelsOf(name)), entry: seen, by });
  }

  silence(
    id: string,
    texts: readonly string[],
    until: number,
    { tenant = null, from = this.now }: SilenceParts = {},
  ): this {
    const silence = { id, tenant, matchers: matchers(...texts), startsAt: from, endsAt: until };
    return this.take({ kind: 'silenced', silence });
  }

  endSilence(id: string): this {
    return this.take({ kind: 'silence ended', id });
  }

  configure(config: AlertConfig): this {
    return this.take({ kind: 'configured', config });
  }

  /** A later version of it. */
  configureNext(config: AlertConfig | undefined): this {
    if (config === undefined) throw new Error('no configuration');
    return this.configure({ ...config, version: this.state.config.version + 1 });
  }

  lastEntry(name: Named): number {
    return this.#entries.get(name) ?? 0;
  }

  last(name: Named): Alert | undefined {
    return this.#alerts.get(name);
  }

  /** The state goes through its text, as through a store. */
  restart(): this {
    this.state = JSON.parse(JSON.stringify(this.state));
    return this;
  }

  take(input: Input): this {
    const { notifications } = this.took(input);
    this.notifications.push(...notifications);
    this.#unheard.push(...notifications);
    return this;
  }

  /** The next thing that a receiver hears. */
  hears(receiver: string, { between: [from, to], reason, alerts, leftOut = 0 }: Heard): this {
    this.at(to);
    const next = this.#unheard.find((notification) => notification.receiver === receiver);
    expect(next, `${receiver} hears something up to ${to}`).toBeDefined();
    if (next === undefined) return this;
    this.#unheard = this.#unheard.filter((each) => each !== next);
    const heard = { reason: next.reason, alerts: next.alerts.map(textOf), leftOut: next.leftOut };
    expect(heard, `${receiver} at ${next.at}`).toEqual({ reason, alerts, leftOut });
    expect(next.at, `when ${receiver} hears it`).toBeGreaterThanOrEqual(from);
    expect(next.at, `when ${receiver} hears it`).toBeLessThanOrEqual(to);
    return this;
  }

  /** Nobody hears anything up to there that the story has not told already. */
  silent([, to]: readonly [from: number, to: number]): this {
    this.at(to);
    expect(this.unheard(), `heard up to ${to}`).toEqual([]);
    return this;
  }

  unheard(): string[] {
    return this.#unheard.map(
      (each) => `${each.at} ${each.receiver}: ${each.reason} ${each.alerts.map(textOf).join(', ')}`,
    );
  }

  took(input: Input): Step {
    const context = { now: this.now, hash: hashOf };
    const taken = step(this.state, input, context);
    const again = step(taken.state, input, context);
    expect(again.notifications, `${input.kind} once more`).toEqual([]);
    expect(again.state, `${input.kind} once more`).toEqual(taken.state);
    expect(again.wakeAt === null || again.wakeAt > this.now, 'wakes in the future').toBe(true);
    this.state = taken.state;
    this.refused = taken.refused;
    this.#wakeAt = taken.wakeAt;
    return taken;
  }
}

export interface SilenceParts {
  readonly tenant?: string | null;
  readonly from?: number;
}

export function labelsOf(name: Named): Labels {
  const [, host] = /^host (\w+)$/.exec(name) ?? [];
  if (host !== undefined) return { kind: 'host', host };
  const parts = name.split('/');
  const [port = '', ofHost = 'a', tenant] = parts.reverse();
  return { kind: 'port', host: ofHost, port, ...(tenant === undefined ? {} : { tenant }) };
}

/** The name in a text as in `Heard`. */
function plain(text: string): Named {
  return text.replace(/( over| unknown| flapping)?( !)?$/, '');
}

const words: Readonly<Record<AlertStatus, string>> = { firing: '', resolved: ' over', unknown: ' unknown' };

function textOf({ labels, status, flapping, severity }: Alert): string {
  const { host = '', port, tenant } = labels;
  const own = host === 'a' && tenant === undefined ? port : [tenant, host, port].filter(Boolean).join('/');
  const name = port === undefined ? `host ${host}` : own;
  return `${name}${flapping ? ' flapping' : words[status]}${severity === 'critical' ? ' !' : ''}`;
}
