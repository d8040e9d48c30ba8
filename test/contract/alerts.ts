import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Notification } from '../../alerts/notification.ts';
import { type AlertConfig, defaultLimits } from '../../alerts/state/config.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { Notifier, type NotifierOptions } from '../../server/alerts/notifier.ts';
import { hashedRow, ownerOf, rowOf } from '../../server/breach/change-row.ts';
import { acknowledge, type Step, takeReading } from '../../server/breach/machine.ts';
import type { BreachRecord } from '../../server/breach/record.ts';
import { AlertStore } from '../../server/control/alert-store.ts';
import { BreachStore, type NewChange } from '../../server/control/breach-store.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import { DeliveryStore } from '../../server/control/delivery-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { SilenceStore } from '../../server/control/silence-store.ts';
import { until } from '../lab/waiting.ts';
import { aReading, ofSlots, type Slot, someTerms, type Told } from '../unit/server/breach/readings.ts';

const good = { evaluation: ofSlots(Array<Slot>(100).fill('good')) };
const waitSeconds = 10;

/** Everything goes to `ops`, each objective by itself. */
const config: AlertConfig = {
  version: 1,
  receivers: [{ name: 'ops', tenant: null }],
  trees: [
    {
      tenant: null,
      root: {
        ...{ name: 'all', matchers: [], continue: false, receivers: ['ops'], groupBy: ['slo'] },
        ...{ groupWaitSeconds: waitSeconds, groupIntervalSeconds: waitSeconds, routes: [] },
      },
    },
  ],
  inhibitions: [],
  flapping: null,
  limits: defaultLimits,
};

/** The changes of one objective, written as a server writes them. */
export class Author {
  readonly slo: string;
  readonly #store: BreachStore;
  #records: readonly BreachRecord[] = [];
  readonly #heads = new Map<string, NewChange>();

  constructor(store: BreachStore, slo: string) {
    this.#store = store;
    this.slo = slo;
  }

  read(told: Told): Promise<void> {
    const reading = aReading(told);
    return this.#write(takeReading(this.#records, { reading, terms: someTerms, now: reading.at }));
  }

  acknowledge(by: string, at: number): Promise<void> {
    return this.#write(acknowledge(this.#records, this.#records[0] as BreachRecord, { by, comment: '', at }));
  }

  async #write({ records, changes }: Step): Promise<void> {
    this.#records = records;
    const rows = changes.map((change): NewChange => {
      const id = JSON.stringify(change.record.key);
      const owner = ownerOf({ ...aReading({ evaluation: ofSlots([]) }).objective, name: this.slo }, 'acme');
      const context = {
        owner,
        now: change.at,
        engine: 'test',
        evidence: null,
        causes: [],
        previous: this.#heads.get(id),
      };
      const row = { ...hashedRow(rowOf(change, context)), bundle: undefined };
      this.#heads.set(id, row);
      return row;
    });
    await this.#store.append(rows);
  }
}

/** How changes of breaches become deliveries on every control store. */
export function alertTests(of: () => ControlStore): void {
  describe('telling of breaches', () => {
    let breaches: BreachStore;
    let alerts: AlertStore;
    let deliveries: DeliveryStore;
    let now = 10_000;
    let made = 0;

    beforeAll(async () => {
      await migrateControl(of());
      breaches = new BreachStore(of());
      alerts = new AlertStore(of());
      deliveries = new DeliveryStore(of());
    });
    beforeEach(async () => {
      now = 10_001;
      const told = ['delivery_attempt', 'delivery', 'receiver_queue', 'alert_pending', 'alert_state'];
      for (const table of [...told, 'silence_pending', 'silence']) await of().query(`DELETE FROM ${table}`);
    });

    const anAuthor = () => new Author(breaches, `told-${++made}`);

    function notifying(over: Partial<NotifierOptions> = {}) {
      const notifier = new Notifier({
        store: alerts,
        config: () => config,
        indicatorOf: async () => 'availability',
        ready: async () => undefined,
        onDeliveries: () => undefined,
        logger: silentLogger,
        nowMs: () => now * 1_000,
        everyMs: 5,
        turnMs: 5,
        ...over,
      });
      return {
        notifier,
        async [Symbol.asyncDispose]() {
          await notifier.stop();
        },
      };
    }

    /** What `ops` is to be told, in the order of sending. */
    async function told(): Promise<readonly Notification[]> {
      const listed = await deliveries.list({ receiver: 'ops', limit: 100 });
      const inOrder = [...listed].sort((a, b) => Number(a.ordinal - b.ordinal));
      return inOrder.map(({ document }) => JSON.parse(document) as Notification);
    }
    const untilTold = (count: number) =>
      until({ what: `${count} notifications`, deadlineMs: 20_000, everyMs: 5 }, async () => {
        const all = await told();
        return all.length >= count ? all : undefined;
      });
    const untilTaken = () =>
      until({ what: 'each change was looked at', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await alerts.pending(0n, 1)).length === 0;
      });
    const untilSilencesTaken = () =>
      until({ what: 'each silence was looked at', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await alerts.pendingSilences(1)).length === 0;
      });
    const brief = (all: readonly Notification[]) =>
      all.map(
        ({ reason, sequence, alerts: of }) => `${sequence} ${reason}: ${of.map(({ status }) => status).join(' ')}`,
      );

    it('tells of a breach once, after the wait of its route, and of its end', async () => {
      await using _running = await started(notifying());
      const author = anAuthor();
      await author.read({ ...good, burn: { T2: 'firing' }, at: now });
      await untilTaken();
      expect(await told()).toEqual([]);
      now += waitSeconds;
      expect(brief(await untilTold(1))).toEqual(['1 new: firing']);
      await author.read({ ...good, at: now });
      await untilTaken();
      now += waitSeconds;
      expect(brief(await untilTold(2))).toEqual(['1 new: firing', '2 resolved: resolved']);
    });

    it('shows a burn as unknown while nothing comes, and tells its end when it is known again', async () => {
      await using _running = await started(notifying());
      const author = anAuthor();
      await author.read({ ...good, burn: { T2: 'firing' }, at: now });
      await untilTaken();
      now += waitSeconds;
      expect(brief(await untilTold(1))).toEqual(['1 new: firing']);
      const stale = { since: now, hosts: ['h1'] };
      now += someTerms.staleWaitSeconds;
      await author.read({ ...good, burn: { T2: 'frozen' }, stale, at: now });
      await untilTaken();
      now += waitSeconds;
      const silent = await untilTold(2);
      expect(brief(silent)[1]).toBe('2 new: firing unknown');
      expect(silent[1]?.alerts.map(({ labels }) => labels['alertname'])).toEqual(['DataStale', 'BudgetBurns']);
      await author.read({ ...good, at: now });
      await untilTaken();
      now += waitSeconds;
      expect(brief(await untilTold(3))[2]).toBe('3 resolved: resolved resolved');
    });

    it('writes what is to be looked at with the change, or neither', async () => {
      const author = anAuthor();
      await author.read({ ...good, burn: { T2: 'firing' }, at: now });
      const other = new Author(breaches, author.slo);
      await expect(other.read({ ...good, burn: { T0: 'firing' }, at: now })).rejects.toMatchObject({
        code: 'FN_LEASE_LOST',
      });
      expect(await alerts.pending(0n, 10)).toHaveLength(1);
    });

    it('takes an acknowledgement from the change that is one, and from no other', async () => {
      await using _running = await started(notifying());
      const author = anAuthor();
      await author.read({ ...good, burn: { T4: 'firing' }, at: now });
      await author.acknowledge('somebody', now);
      await untilTaken();
      // Somebody has seen it, and it becomes worse: they have not seen that.
      await author.read({ ...good, burn: { T4: 'firing', T0: 'firing' }, at: now + 1 });
      now += 1;
      await untilTaken();
      const { state } = await alerts.load();
      const kept = state.alerts.parts.flatMap((part) => Object.values(part ?? {}));
      expect(kept.map(({ acknowledged, alert }) => [acknowledged, alert.severity])).toEqual([[null, 'critical']]);
    });

    it('what is silenced is told when the silence ends, whichever server took which part of it', async () => {
      const silences = new SilenceStore(of());
      const author = anAuthor();
      const act = {
        atMs: now * 1_000,
        by: 'kim',
        via: 'api',
        act: 'silence.made',
        comment: '',
        subject: 's1',
        details: {},
      } as const;
      const silence = {
        ...{ id: 's1', tenant: null, startsAt: now, endsAt: now + 86_400, made: act, ended: null },
        matchers: [{ label: 'slo', operator: '=', value: author.slo }] as const,
      };
      await silences.make(silence, act, { now, most: 9 });
      const bystander = anAuthor();
      {
        await using _running = await started(notifying());
        await author.read({ ...good, burn: { T2: 'firing' }, at: now });
        await bystander.read({ ...good, burn: { T2: 'firing' }, at: now });
        await untilTaken();
        now += waitSeconds;
        expect((await untilTold(1)).map(({ group }) => group.labels['slo'])).toEqual([bystander.slo]);
        await untilSilencesTaken();
      }
      await silences.end('s1', act, { ...act, act: 'silence.ended' });
      let kills = 2;
      const killed = {
        load: () => alerts.load(),
        pending: (after: bigint, limit: number) => alerts.pending(after, limit),
        pendingSilences: (limit: number) => alerts.pendingSilences(limit),
        keep: async (step: Parameters<AlertStore['keep']>[0]) => {
          if (step.takenSilences.length > 0 && kills-- > 0) {
            if (kills === 0) await alerts.keep(step);
            throw new FourninesError('FN_CONTROL_AWAY', 'killed');
          }
          await alerts.keep(step);
        },
      };
      await using _first = await started(notifying({ store: killed }));
      await using _second = await started(notifying({ store: killed }));
      await untilSilencesTaken();
      // It is seen in the second after, and told when its group has waited from then on.
      const all = await until({ what: 'it is told after all', deadlineMs: 20_000, everyMs: 5 }, async () => {
        now += 1;
        const sent = await told();
        return sent.length >= 2 ? sent : undefined;
      });
      expect(all.map(({ group }) => group.labels['slo'])).toEqual([bystander.slo, author.slo]);
      now += waitSeconds;
      for (const each of [author, bystander]) await each.read({ ...good, at: now });
      await untilTaken();
      now += waitSeconds;
      expect(new Set((await untilTold(4)).map(({ id }) => id)).size).toBe(4);
      expect(await told()).toHaveLength(4);
    });

    it.each([
      ['before it is kept', false],
      ['after it is kept, with the answer lost', true],
    ])('killed %s, tells each thing once', async (_when, isKept) => {
      const author = anAuthor();
      let kills = 3;
      const killed = {
        load: () => alerts.load(),
        pending: (after: bigint, limit: number) => alerts.pending(after, limit),
        pendingSilences: (limit: number) => alerts.pendingSilences(limit),
        keep: async (step: Parameters<AlertStore['keep']>[0]) => {
          if (step.deliveries.length > 0 && kills-- > 0) {
            if (isKept) await alerts.keep(step);
            throw new FourninesError('FN_CONTROL_AWAY', 'killed');
          }
          await alerts.keep(step);
        },
      };
      await using _running = await started(notifying({ store: killed }));
      const moves = [{ T2: 'firing' }, {}, { T2: 'firing' }, {}] as const;
      for (const [i, burn] of moves.entries()) {
        await author.read({ ...good, burn, at: now });
        await untilTaken();
        now += waitSeconds + 1;
        await untilTold(i + 1);
      }
      const all = await told();
      expect(brief(all).map((text) => text.split(' ').slice(1, 3).join(' '))).toEqual([
        'new: firing',
        'resolved: resolved',
        'new: firing',
        'resolved: resolved',
      ]);
      expect(new Set(all.map(({ id }) => id)).size).toBe(4);
    });

    it('of two that decide at once one finds that it was too late, and both tell each thing once', async () => {
      await using _first = await started(notifying());
      await using _second = await started(notifying());
      const authors = Array.from({ length: 8 }, anAuthor);
      for (const author of authors) await author.read({ ...good, burn: { T2: 'firing' }, at: now });
      await untilTaken();
      now += waitSeconds;
      await untilTold(8);
      now += waitSeconds;
      for (const author of authors) await author.read({ ...good, at: now });
      await untilTaken();
      now += waitSeconds;
      const all = await untilTold(16);
      const bySlo = Map.groupBy(all, ({ group }) => group.labels['slo']);
      expect(bySlo.size).toBe(8);
      for (const own of bySlo.values()) expect(brief(own)).toEqual(['1 new: firing', '2 resolved: resolved']);
    });

    it('keeps what it has no room for, and lets the ends of what it knows pass it', async () => {
      const small = { ...config, limits: { ...defaultLimits, alerts: 1 } };
      await using running = await started(notifying({ config: () => small }));
      const [first, second] = [anAuthor(), anAuthor()];
      await first.read({ ...good, burn: { T2: 'firing' }, at: now });
      await untilTaken();
      await second.read({ ...good, burn: { T2: 'firing' }, at: now });
      await until(
        { what: 'there is no room', deadlineMs: 20_000, everyMs: 5 },
        () => running.notifier.stats.refused === 1,
      );
      now += waitSeconds;
      await untilTold(1);
      await first.read({ ...good, at: now });
      await until({ what: 'the end was looked at', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await alerts.pending(0n, 9)).length === 1;
      });
      now += waitSeconds;
      const all = await untilTold(2);
      expect(brief(all)).toEqual(['1 new: firing', '2 resolved: resolved']);
      await untilTaken();
      now += waitSeconds;
      expect((await untilTold(3)).at(-1)?.group.labels['slo']).toBe(second.slo);
    });
  });
}

async function started<T extends { readonly notifier: Notifier }>(running: T): Promise<T> {
  await running.notifier.start();
  return running;
}
