import { describe, expect, test } from 'vitest';
import type { Alert } from '../../../../alerts/alert.ts';
import { hashOf } from '../../../../alerts/fingerprint.ts';
import type { Notification } from '../../../../alerts/notification.ts';
import { type AlertConfig, defaultFlapping } from '../../../../alerts/state/config.ts';
import { type Input, step } from '../../../../alerts/state/machine.ts';
import { rowChanges } from '../../../../alerts/state/rows.ts';
import { emptyState, type State } from '../../../../alerts/state/state.ts';
import { aConfig, anAlert, aRoute, matchers, operatorTree } from './an-alert.ts';

/** Two routes see all of it, one of them by host with 50 ports each; what nobody acknowledges goes on to a third receiver. */
const config = aConfig({
  receivers: ['ops', 'desk', 'boss'],
  flapping: defaultFlapping,
  inhibitions: [{ name: 'host', sources: matchers('kind=host'), targets: matchers('kind=port'), equal: ['host'] }],
  trees: [
    operatorTree({
      routes: [
        aRoute({ name: 'all', continue: true, escalation: [{ afterSeconds: 600, receivers: ['boss'] }] }),
        aRoute({ name: 'hosts', matchers: matchers('host=~h.*'), receivers: ['desk'], groupBy: ['host'] }),
      ],
      name: 'root',
    }),
  ],
});

/** Runs a storm and counts how often anything of any alert is looked at. */
class Storm {
  state: State = emptyState;
  readonly notifications: Notification[] = [];
  reads = 0;
  rowsWritten = 0;
  wakes = 0;
  #wakeAt: number | null = null;

  constructor(of: AlertConfig) {
    this.take({ kind: 'configured', config: of }, 0);
  }

  take(input: Input, now: number): void {
    const taken = step(this.state, input, { now, hash: hashOf });
    const { puts, deletes } = rowChanges(this.state, taken.state);
    this.rowsWritten += puts.length + deletes.length;
    this.state = taken.state;
    this.notifications.push(...taken.notifications);
    this.#wakeAt = taken.wakeAt;
  }

  runTo(seconds: number): void {
    while (this.#wakeAt !== null && this.#wakeAt <= seconds) {
      this.wakes++;
      this.take({ kind: 'time' }, this.#wakeAt);
    }
  }

  push(count: number, parts: { readonly status: Alert['status']; readonly entry: number }, now: number): void {
    for (let port = 0; port < count; port++) {
      const labels = { kind: 'port', host: `h${Math.floor(port / 50)}`, port: `p${port}` };
      this.take({ kind: 'alert', alert: this.#counted(anAlert({ labels, ...parts, at: now })) }, now);
    }
  }

  #counted(alert: Alert): Alert {
    const count = <T extends object>(target: T): T =>
      new Proxy(target, {
        get: (of, key) => {
          this.reads++;
          return Reflect.get(of, key);
        },
      });
    return count({ ...alert, labels: count(alert.labels) });
  }
}

function stormOf(count: number): Storm {
  const storm = new Storm(config);
  storm.push(count, { status: 'firing', entry: 1 }, 100);
  storm.runTo(2_000);
  storm.push(count, { status: 'resolved', entry: 2 }, 2_000);
  storm.runTo(3_000);
  return storm;
}

describe('5,000 ports down at once', () => {
  const storm = new Storm(config);
  storm.push(5_000, { status: 'firing', entry: 1 }, 100);
  const told = (receiver: string, reason: string) =>
    storm.notifications.filter((each) => each.receiver === receiver && each.reason === reason);

  test('make one notification for each group of each route, the rest counted', () => {
    storm.runTo(131);
    expect(told('ops', 'new').map(({ alerts, leftOut }) => [alerts.length, leftOut])).toEqual([[100, 4_900]]);
    expect(told('desk', 'new')).toHaveLength(100);
    expect(told('desk', 'new').every(({ alerts, leftOut }) => alerts.length === 50 && leftOut === 0)).toBe(true);
    expect(storm.notifications).toHaveLength(101);
  });

  test('and one that escalates', () => {
    storm.runTo(2_000);
    expect(told('boss', 'escalated').map(({ alerts, leftOut }) => [alerts.length, leftOut])).toEqual([[100, 4_900]]);
    expect(storm.notifications).toHaveLength(102);
  });

  test('and each that was named is told to be over', () => {
    storm.push(5_000, { status: 'resolved', entry: 2 }, 2_000);
    storm.runTo(3_000);
    expect(told('ops', 'resolved').map(({ alerts, leftOut }) => [alerts.length, leftOut])).toEqual([[100, 0]]);
    expect(told('boss', 'resolved').map(({ alerts }) => alerts.length)).toEqual([100]);
    expect(told('desk', 'resolved').reduce((sum, { alerts }) => sum + alerts.length, 0)).toBe(5_000);
    expect(storm.notifications).toHaveLength(102 + 102);
  });

  test('and are forgotten after their time', () => {
    storm.take({ kind: 'acknowledged', fingerprint: 'none', entry: 1, by: 'nobody' }, 2_100);
    storm.push(1, { status: 'firing', entry: 3 }, 100_000);
    storm.runTo(100_100);
    expect(storm.state.alerts.size).toBe(1);
    expect(storm.state.lines.size).toBe(3);
  });
});

test('twice the ports cost twice the looks, rows and room, and no more wakes', () => {
  const [small, large] = [stormOf(2_500), stormOf(5_000)];
  const roomOf = ({ state }: Storm) => JSON.stringify(state).length;
  expect(small.reads / 2_500).toBeLessThan(400);
  expect(large.reads / small.reads).toBeLessThan(2.2);
  expect(large.rowsWritten / small.rowsWritten).toBeLessThan(2.2);
  expect(roomOf(large) / roomOf(small)).toBeLessThan(2.2);
  expect(large.wakes).toBe(small.wakes);
  expect(large.wakes).toBeLessThan(30);
});
