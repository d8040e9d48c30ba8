import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Alert } from '../../../../alerts/alert.ts';
import { fingerprintOf, hashOf } from '../../../../alerts/fingerprint.ts';
import type { Notification } from '../../../../alerts/notification.ts';
import { step } from '../../../../alerts/state/machine.ts';
import type { Matcher } from '../../../../alerts/state/matchers.ts';
import { rowChanges, type StateRow, stateOf } from '../../../../alerts/state/rows.ts';
import { emptyState } from '../../../../alerts/state/state.ts';
import { rootTerms } from './an-alert.ts';
import { configs, end, type Happening, happen, names, stories } from './random-story.ts';
import { labelsOf, Timeline } from './timeline.ts';

/** By hand: ALERT_STORIES=20000 ALERT_SEED=1 npx vitest run test/unit/alerts/state/properties.test.ts --testTimeout 0 */
const numRuns = Number(process.env['ALERT_STORIES'] ?? 60);
const seed = Number(process.env['ALERT_SEED'] ?? 8);

function check(property: (story: readonly Happening[]) => void): void {
  fc.assert(fc.property(stories, property), { numRuns, seed });
}

function begun(): Timeline {
  return new Timeline().at(1_000_000).configureNext(configs[0]);
}

function told(story: readonly Happening[], between: (t: Timeline) => void = () => {}): Timeline {
  const t = begun();
  for (const each of story) happen(t, each);
  end(t, between);
  return t;
}

/** What was told to each receiver of each alert, in order. */
function histories(notifications: readonly Notification[]): Map<string, Alert[]> {
  const all = new Map<string, Alert[]>();
  for (const { receiver, alerts } of notifications) {
    for (const alert of alerts) {
      const key = `${receiver} ${alert.fingerprint}`;
      all.set(key, [...(all.get(key) ?? []), alert]);
    }
  }
  return all;
}

const hasAll = (matchers: readonly Matcher[], { labels, severity }: Alert) =>
  matchers.every(({ label, operator, value }) => {
    const own = label === 'severity' ? severity : (labels[label] ?? '');
    if (operator === '=' || operator === '!=') return (own === value) === (operator === '=');
    return new RegExp(`^(?:${value})$`).test(own) === (operator === '=~');
  });

/** Where there is little room, what was only counted is named whenever there is some. */
const withRoom = (story: readonly Happening[]) =>
  story.filter((each) => each.what !== 'configure' || configs[each.config]?.limits.named !== 2);

interface Told {
  readonly tenant: string | null;
  readonly alert: Alert;
  readonly at: number;
}

function isSilencedFor(t: Timeline, { tenant, alert, at }: Told): boolean {
  return t.state.silences.some(
    (each) =>
      !each.isEnded &&
      each.tenant === tenant &&
      each.startsAt <= at &&
      at < each.endsAt &&
      hasAll(each.matchers, alert),
  );
}

function isHiddenFor(t: Timeline, tenant: string | null, alert: Alert): boolean {
  return t.state.config.inhibitions.some(({ sources, targets }) => {
    if (!hasAll(targets, alert)) return false;
    return names.some((name) => {
      const source = t.last(name);
      if (source?.status !== 'firing' || source.labels['host'] !== alert.labels['host']) return false;
      return hasAll(sources, source) && (tenant === null || source.labels['tenant'] === tenant);
    });
  });
}

test('whoever is told that an alert fires is told once that it is over, and of no end without a beginning', () => {
  check((story) => {
    for (const [who, alerts] of histories(told(story).notifications)) {
      let fires = false;
      for (const { status } of alerts) {
        if (status === 'resolved') expect(fires, `${who}: over without a beginning`).toBe(true);
        fires = status !== 'resolved';
      }
      expect(fires, `${who} hears of the end`).toBe(false);
    }
  });
});

test('numbers of changes never go back for a receiver', () => {
  check((story) => {
    for (const alerts of histories(told(story).notifications).values()) {
      const entries = alerts.map(({ entry }) => entry);
      expect(entries).toEqual(entries.toSorted((a, b) => a - b));
    }
  });
});

test('each notification but a repetition tells something that its receiver has not heard, and none has the id of another', () => {
  check((story) => {
    const { notifications } = told(story);
    expect(new Set(notifications.map(({ id }) => id)).size).toBe(notifications.length);
    const heard = new Set<string>();
    const sequences = new Map<string, number>();
    for (const { receiver, group, reason, sequence, alerts } of notifications) {
      const line = `${receiver} ${group.key}`;
      expect(sequence).toBe((sequences.get(line) ?? 0) + 1);
      sequences.set(line, sequence);
      const facts = alerts.map(({ fingerprint, entry, status, flapping }) =>
        JSON.stringify([receiver, fingerprint, entry, status, flapping]),
      );
      const isNews = facts.some((fact) => !heard.has(fact));
      expect(isNews || reason === 'repeated', `${reason} to ${receiver} tells something`).toBe(true);
      for (const fact of facts) heard.add(fact);
    }
  });
});

test('what is told is what was last known of it then, and fits', () => {
  check((story) => {
    const t = begun();
    const look = (before: number) => {
      const known = new Map(names.map((name) => [fingerprintOf(labelsOf(name)), t.last(name)]));
      for (const { alerts } of t.notifications.slice(before)) {
        for (const { fingerprint, status, entry, flapping } of alerts) {
          const last = known.get(fingerprint);
          expect(entry).toBe(last?.entry);
          if (flapping === undefined) expect(status).toBe(last?.status);
          else expect(status).toBe('firing');
        }
        expect(alerts.length).toBeLessThanOrEqual(2 * t.state.config.limits.named);
      }
    };
    for (const each of story) {
      const before = t.notifications.length;
      // Time first, so that what is told is told of what was known before the next change.
      happen(t, each);
      look(before);
    }
  });
});

test('nothing is told first that is silenced or hidden for whoever is told', () => {
  check((whole) => {
    const story = withRoom(whole);
    const t = begun();
    const heard = new Set<string>();
    for (const each of story) {
      const before = t.notifications.length;
      happen(t, each);
      for (const { receiver, tenant, alerts, at } of t.notifications.slice(before)) {
        for (const alert of alerts) {
          const key = `${receiver} ${alert.fingerprint}`;
          if (alert.status === 'resolved') heard.delete(key);
          else if (!heard.has(key)) {
            expect(isSilencedFor(t, { tenant, alert, at }), `${key} silenced`).toBe(false);
            expect(isHiddenFor(t, tenant, alert), `${key} hidden`).toBe(false);
            heard.add(key);
          }
        }
      }
    }
  });
});

test('what is repeated is known to fire and nobody has acknowledged it', () => {
  check((story) => {
    for (const { reason, alerts, leftOut } of told(story).notifications) {
      if (reason !== 'repeated' || leftOut > 0) continue;
      const open = alerts.filter(
        ({ status, flapping, facts }) => status === 'firing' && !flapping && facts.acknowledgedBy === null,
      );
      expect(open.length).toBeGreaterThan(0);
    }
  });
});

test('a group is told at most once in its interval', () => {
  check((whole) => {
    const { notifications } = told(whole.filter((each) => each.what !== 'time' || each.seconds > 0));
    const lastAt = new Map<string, number>();
    for (const { receiver, group, at } of notifications) {
      const line = `${receiver} ${group.key}`;
      const last = lastAt.get(line) ?? Number.NEGATIVE_INFINITY;
      // Ends for which there was no room come in the same second.
      expect(at === last || at - last >= rootTerms.groupIntervalSeconds, `${line}: ${last} and ${at}`).toBe(true);
      lastAt.set(line, at);
    }
  });
});

test('a tenant hears of its own alerts alone', () => {
  check((story) => {
    for (const { receiver, tenant, alerts } of told(story).notifications) {
      const [, own] = /-(t\d)$/.exec(receiver) ?? [];
      expect(tenant).toBe(own ?? null);
      if (own === undefined) continue;
      expect(alerts.filter(({ labels }) => labels['tenant'] !== own)).toEqual([]);
    }
  });
});

test('whatever happened, all that fires is told once nothing is silenced, hidden or held', () => {
  check((whole) => {
    told(withRoom(whole), (t) => {
      // Shown last as not known: the receiver was told before that it fires, and that it does so still is no news.
      const goesOn = [...histories(t.notifications)].filter(([, alerts]) => alerts.at(-1)?.status !== 'resolved');
      const keys = new Set(goesOn.map(([key]) => key));
      for (const name of names) {
        const labels = labelsOf(name);
        const own = labels['tenant'] === undefined ? [] : [`of-${labels['tenant']}`];
        for (const receiver of ['ops', ...own]) {
          expect(keys, `${receiver} of ${name}`).toContain(`${receiver} ${fingerprintOf(labels)}`);
        }
      }
    });
  });
});

test('in the end nothing is owed, and it sleeps', () => {
  check((story) => {
    const t = told(story);
    const { state, wakeAt } = step(t.state, { kind: 'time' }, { now: t.now + 1, hash: hashOf });
    expect(wakeAt).toBe(null);
    expect(
      state.alerts.parts.flatMap((part) => Object.values(part ?? {})).filter(({ told: marks }) => marks.length > 0),
    ).toEqual([]);
  });
});

/** Restarts from its rows after each step. */
class Restarting extends Timeline {
  readonly #rows = new Map<string, StateRow>();
  #written = emptyState;

  override take(...args: Parameters<Timeline['take']>): this {
    super.take(...args);
    const { puts, deletes } = rowChanges(this.#written, this.state);
    for (const { kind, key } of deletes) this.#rows.delete(`${kind} ${key}`);
    for (const row of puts) this.#rows.set(`${row.kind} ${row.key}`, JSON.parse(JSON.stringify(row)));
    this.state = stateOf([...this.#rows.values()].reverse());
    this.#written = this.state;
    return this;
  }
}

test('a restart at any step changes nothing', () => {
  check((story) => {
    const t = new Restarting().at(1_000_000).configureNext(configs[0]);
    for (const each of story) happen(t, each);
    end(t, () => {});
    const other = told(story);
    expect(JSON.stringify(t.notifications)).toBe(JSON.stringify(other.notifications));
    expect(t.state).toEqual(other.state);
  });
});
