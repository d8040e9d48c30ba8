import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AlertStatus } from '../../alerts/alert.ts';
import type { Answer } from '../../alerts/outbox/after-attempt.ts';
import { lifeMs } from '../../alerts/outbox/schedule.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { Dispatcher, type DispatcherOptions, type DispatcherPoint } from '../../server/alerts/dispatcher.ts';
import type { ControlStore } from '../../server/control/control-store.ts';
import {
  addDeliveries,
  type Delivery,
  DeliveryStore,
  type NewDelivery,
  waitingMax,
} from '../../server/control/delivery-store.ts';
import { migrateControl } from '../../server/control/migrate.ts';
import { until } from '../lab/waiting.ts';
import { anAlert } from '../unit/alerts/state/an-alert.ts';

const began = Date.parse('2026-11-01T00:00:00Z');
const delivered: Answer = { outcome: 'delivered', status: 200, code: '', detail: '', retryAfterMs: null };
const failed: Answer = { outcome: 'retry', status: 503, code: 'FN_TEST', detail: 'later', retryAfterMs: null };

function aDelivery(receiver: string, number: number, over: Partial<NewDelivery> = {}): NewDelivery {
  const id = `${receiver}-${number}`;
  return { id, receiver, tenant: null, reason: 'changed', document: `{"id":"${id}"}`, decidedMs: began, ...over };
}

/** A thousand numbers from 0 to 1000 that a seed decides. */
function chances(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * 1_001);
  };
}

/** What the outbox is on every control store. */
export function deliveryTests(of: () => ControlStore): void {
  describe('the outbox', () => {
    let deliveries: DeliveryStore;
    let nowMs = began;
    /** Ids in the order in which they reached somebody. */
    let sent: string[] = [];

    beforeAll(async () => {
      await migrateControl(of());
      deliveries = new DeliveryStore(of());
    });
    beforeEach(async () => {
      nowMs = began;
      sent = [];
      for (const table of ['delivery_attempt', 'delivery', 'receiver_queue']) await of().query(`DELETE FROM ${table}`);
    });

    function dispatching(
      answer: (delivery: Delivery, signal: AbortSignal) => Answer | Promise<Answer>,
      over: Partial<DispatcherOptions> = {},
    ) {
      const dispatcher = new Dispatcher({
        deliveries,
        send: async (delivery, signal) => {
          sent.push(delivery.id);
          return answer(delivery, signal);
        },
        ready: async () => undefined,
        logger: silentLogger,
        nowMs: () => nowMs,
        permille: () => 500,
        everyMs: 5,
        turnMs: 5,
        ...over,
      });
      return {
        dispatcher,
        async [Symbol.asyncDispose]() {
          await dispatcher.stop();
        },
      };
    }

    const states = async () => {
      const rows = await of().query('SELECT state, count(*)::integer AS n FROM delivery GROUP BY state');
      return Object.fromEntries(rows.map(({ state, n }) => [String(state), Number(n)]));
    };
    const untilNoneWaits = () =>
      until({ what: 'nothing waits', deadlineMs: 20_000, everyMs: 5 }, async () => !('waiting' in (await states())));
    const stateOf = async (id: string) => (await deliveries.find(id))?.delivery;

    it('takes a notification with what decided it, or neither; and each once', async () => {
      const broken = of().transaction(async (session) => {
        await addDeliveries(session, [aDelivery('r', 1)]);
        await session.query('SELECT 1 / 0');
      });
      await expect(broken).rejects.toMatchObject({ code: 'FN_CONTROL' });
      expect(await states()).toEqual({});
      await deliveries.add([aDelivery('r', 1), aDelivery('r', 2)]);
      await deliveries.add([aDelivery('r', 2, { document: 'another' }), aDelivery('r', 3)]);
      const listed = await deliveries.list({ receiver: 'r', limit: 10 });
      expect(listed.map(({ id, document }) => [id, document])).toEqual(
        [1, 2, 3].map((n) => [`r-${n}`, `{"id":"r-${n}"}`]),
      );
      expect(new Set(listed.map(({ ordinal }) => ordinal)).size).toBe(3);
    });

    it('sends to each receiver in order, whatever fails in between, and each until it is delivered', async () => {
      const receivers = ['a', 'b', 'c', 'd'];
      const numbers = Array.from({ length: 25 }, (_, i) => i + 1);
      const chance = chances(7);
      await deliveries.add(numbers.flatMap((n) => receivers.map((receiver) => aDelivery(receiver, n))));
      const reached: string[] = [];
      const answer = ({ id }: Delivery) => {
        // Hours pass: no pause of the schedule holds this test up.
        nowMs += 3_600_000 / 4;
        if (chance() < 400) return failed;
        reached.push(id);
        return delivered;
      };
      await using running = dispatching(answer);
      await running.dispatcher.start();
      await until({ what: 'nothing waits', deadlineMs: 60_000, everyMs: 5 }, async () => {
        nowMs += 600_000;
        return !('waiting' in (await states()));
      });
      for (const receiver of receivers) {
        const own = reached.filter((id) => id.startsWith(receiver));
        const lost = (await deliveries.list({ receiver, state: 'dead', limit: 100 })).map(({ id }) => id);
        expect(own).toEqual(numbers.map((n) => `${receiver}-${n}`).filter((id) => !lost.includes(id)));
        // What failed is tried again before anything behind it.
        const tried = sent.filter((id) => id.startsWith(receiver));
        const order = tried.map((id) => Number(id.slice(2)));
        expect(order).toEqual([...order].sort((a, b) => a - b));
      }
      const attempts = await of().query('SELECT count(*)::integer AS n FROM delivery_attempt');
      expect(attempts[0]?.['n']).toBe(sent.length);
    });

    it('does not let a receiver that hangs hold up others, nor those that fail take the lanes of healthy ones', async () => {
      const hung = ['h1', 'h2', 'h3'];
      await deliveries.add([...hung, 'a', 'b'].flatMap((receiver) => [1, 2, 3].map((n) => aDelivery(receiver, n))));
      const answer = ({ receiver }: Delivery, signal: AbortSignal) =>
        hung.includes(receiver)
          ? new Promise<Answer>((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            })
          : delivered;
      await using running = dispatching(answer, { lanes: { healthy: 4, failing: 1, slow: 0 } });
      await running.dispatcher.start();
      await until({ what: 'the others are through', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await states())['delivered'] === 6;
      });
      const { dispatcher } = running;
      await until({ what: 'those that hang', deadlineMs: 20_000, everyMs: 5 }, () => dispatcher.stats.lanes === 3);
      await running.dispatcher.stop();
      // An attempt that was cut off is none: it is made again.
      expect(await stateOf('h1-1')).toMatchObject({ state: 'waiting', attempts: 0 });
    });

    it('takes no lanes from healthy receivers for those that begin to hang together', async () => {
      const hung = ['a1', 'a2'];
      await deliveries.add([...hung, 'z'].flatMap((receiver) => [1, 2].map((n) => aDelivery(receiver, n))));
      const answer = ({ receiver }: Delivery, signal: AbortSignal) =>
        hung.includes(receiver)
          ? new Promise<Answer>((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            })
          : delivered;
      await using running = dispatching(answer, { lanes: { healthy: 2, failing: 1, slow: 2 } });
      await running.dispatcher.start();
      await until({ what: 'the other one is through', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await states())['delivered'] === 2;
      });
      expect(sent.slice(0, 2)).toEqual(['a1-1', 'a2-1']);
    });

    it('begins with who has waited longest, and leaves those that fail their own lanes', async () => {
      await deliveries.add(['a', 'b'].flatMap((receiver) => [1, 2].map((n) => aDelivery(receiver, n))));
      await deliveries.add([aDelivery('z', 1, { decidedMs: began - 1 }), aDelivery('f', 1)]);
      await of().query("UPDATE receiver_queue SET failures = 1 WHERE receiver = 'f'");
      const [first, ...others] = await deliveries.due(began, { busy: [], healthy: 1, failing: 1, each: 1 });
      expect(first).toMatchObject({ receiver: 'z', waiting: [{ id: 'z-1' }] });
      expect(others.map(({ receiver }) => receiver)).toEqual(['f']);
      const next = await deliveries.due(began, { busy: ['z'], healthy: 2, failing: 0, each: 2 });
      expect(next.flatMap(({ waiting }) => waiting.map(({ id }) => id))).toEqual(['a-1', 'a-2', 'b-1', 'b-2']);
    });

    it('opens the circuit of a receiver that fails, and closes it with the first success', async () => {
      await deliveries.add([1, 2].map((n) => aDelivery('r', n)));
      let isWell = false;
      await using running = dispatching(() => (isWell ? delivered : failed));
      await running.dispatcher.start();
      for (let failures = 1; failures <= 5; failures++) {
        await until({ what: `failure ${failures}`, deadlineMs: 20_000, everyMs: 5 }, async () => {
          return (await deliveries.circuit('r')).failures === failures;
        });
        isWell = failures === 5;
        nowMs += 86_400_000 / 4;
      }
      await untilNoneWaits();
      expect(await deliveries.circuit('r')).toEqual({ failures: 0, openUntilMs: 0, disabled: '' });
      expect(sent).toEqual([...Array<string>(6).fill('r-1'), 'r-2']);
    });

    it('does not wait for a clock that was set ahead in mid-attempt, and back later', async () => {
      await deliveries.add([aDelivery('r', 1)]);
      const hourMs = 3_600_000;
      {
        const ahead = () => {
          nowMs += hourMs;
          return failed;
        };
        // Back before anybody looks again: by the clock that is ahead the next attempt is due.
        const back = (point: DispatcherPoint) => {
          if (point === 'recorded') nowMs -= hourMs;
        };
        await using first = dispatching(ahead, { reached: back });
        await first.dispatcher.start();
        await until({ what: 'it has failed', deadlineMs: 10_000, everyMs: 5 }, async () => {
          return (await stateOf('r-1'))?.attempts === 1;
        });
      }
      // The pause after the first failure is 5 s.
      nowMs += 6_000;
      await using second = dispatching(() => delivered);
      await second.dispatcher.start();
      await untilNoneWaits();
      expect(sent).toEqual(['r-1', 'r-1']);
    });

    it('does not wait for a clock that was set back to come to where it was', async () => {
      await deliveries.add([aDelivery('fresh', 1), ...[1, 2].map((n) => aDelivery('failed', n))]);
      let isWell = false;
      await using running = dispatching(({ receiver }) => (isWell || receiver === 'fresh' ? delivered : failed));
      await running.dispatcher.start();
      for (let failures = 1; failures <= 6; failures++) {
        await until({ what: `failure ${failures}`, deadlineMs: 20_000, everyMs: 5 }, async () => {
          return (await deliveries.circuit('failed')).failures === failures;
        });
        // Beyond every pause, up to the last one.
        if (failures < 6) nowMs += 12 * 3_600_000;
      }
      const { openUntilMs } = await deliveries.circuit('failed');
      expect(openUntilMs).toBeGreaterThan(nowMs);
      isWell = true;
      nowMs -= 3_600_000;
      await deliveries.add([aDelivery('fresh', 2, { decidedMs: nowMs + 3_600_000 })]);
      await untilNoneWaits();
      expect(await states()).toEqual({ delivered: 4 });
    });

    it('keeps what could not be delivered as a dead letter, and sends it again under its id when asked', async () => {
      await deliveries.add([1, 2, 3].map((n) => aDelivery('r', n, { decidedMs: began + n })));
      let isWell = false;
      await using running = dispatching(() => (isWell ? delivered : failed));
      await running.dispatcher.start();
      nowMs = began + lifeMs + 10;
      await untilNoneWaits();
      expect(await stateOf('r-1')).toMatchObject({ state: 'dead', code: 'FN_DELIVERY_EXPIRED', attempts: 1 });
      isWell = true;
      expect(await deliveries.replay({ receiver: 'nobody' }, nowMs)).toBe(0);
      expect(await deliveries.replay({ id: 'r-2' }, nowMs)).toBe(1);
      await untilNoneWaits();
      expect(await stateOf('r-2')).toMatchObject({ state: 'delivered', code: '', attempts: 2 });
      expect(await deliveries.replay({ fromMs: began, toMs: began + 3 }, nowMs)).toBe(1);
      expect(await deliveries.replay({ receiver: 'r' }, nowMs)).toBe(1);
      await untilNoneWaits();
      expect(await states()).toEqual({ delivered: 3 });
      const found = await deliveries.find('r-3');
      expect(found?.attempts.map(({ attempt, status }) => [attempt, status])).toEqual([
        [1, 503],
        [2, 200],
      ]);
    });

    it('disables a receiver that is gone until somebody enables it; what waits stays', async () => {
      await deliveries.add([1, 2].map((n) => aDelivery('r', n)));
      let isGone = true;
      await using running = dispatching(() => (isGone ? { ...failed, outcome: 'gone', status: 410 } : delivered));
      await running.dispatcher.start();
      await until({ what: 'it is disabled', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await deliveries.circuit('r')).disabled !== '';
      });
      nowMs += 86_400_000;
      expect(await states()).toEqual({ dead: 1, waiting: 1 });
      isGone = false;
      expect(await deliveries.enable('nobody')).toBe(false);
      expect(await deliveries.enable('r')).toBe(true);
      await untilNoneWaits();
      expect(await states()).toEqual({ dead: 1, delivered: 1 });
      expect(sent).toEqual(['r-1', 'r-2']);
    });

    it('bounds what waits for a receiver; resolves are never among what is given up', async () => {
      const all = Array.from({ length: waitingMax }, (_, i) => aDelivery('r', i, i < 3 ? { reason: 'resolved' } : {}));
      await deliveries.add(all);
      await deliveries.add([aDelivery('s', 1)]);
      await deliveries.add(Array.from({ length: 5 }, (_, i) => aDelivery('r', waitingMax + i)));
      const dead = await deliveries.list({ state: 'dead', limit: 20 });
      expect(dead.map(({ id }) => id).sort()).toEqual(['r-3', 'r-4']);
      expect(dead[0]?.code).toBe('FN_DELIVERY_QUEUE_FULL');
      expect(await states()).toEqual({ dead: 2, waiting: waitingMax + 4 });
    });

    it('gives up no end, whatever else is told with it; a text that only looks like one is no end', async () => {
      const told = (n: number, status: string, summary: string) => {
        const alert = anAlert({ labels: { port: `p${n}` }, status: status as AlertStatus, summary });
        return aDelivery('r', n, {
          reason: 'new',
          document: JSON.stringify({ alerts: [anAlert({ labels: {} }), alert] }),
        });
      };
      await deliveries.add([
        told(0, 'resolved', 'over'),
        told(1, 'firing', 'it says "status":"resolved"'),
        told(2, 'unknown', ''),
      ]);
      await deliveries.add(Array.from({ length: waitingMax }, (_, i) => aDelivery('r', 3 + i)));
      const dead = await deliveries.list({ state: 'dead', limit: 20 });
      expect(dead.map(({ id }) => id).sort()).toEqual(['r-1', 'r-2']);
      expect(await stateOf('r-0')).toMatchObject({ state: 'waiting' });
    });

    it('sends again, under the same id, what was sent and not written down when the turn was lost', async () => {
      await deliveries.add([1, 2].map((n) => aDelivery('r', n)));
      const lost = new AbortController();
      const answer = () => {
        lost.abort(new Error('the turn is lost'));
        return delivered;
      };
      const once = dispatching(answer, {
        inTurn: async (signal, work) =>
          lost.signal.aborted ? undefined : work(AbortSignal.any([signal, lost.signal])),
      });
      await once.dispatcher.start();
      await until({ what: 'it was sent', deadlineMs: 20_000, everyMs: 5 }, () => sent.length === 1);
      await once.dispatcher.stop();
      expect(await stateOf('r-1')).toMatchObject({ state: 'waiting', attempts: 0 });
      await using next = dispatching(() => delivered);
      await next.dispatcher.start();
      await untilNoneWaits();
      expect(sent).toEqual(['r-1', 'r-1', 'r-2']);
    });

    it('waits for a store that is away and forgets nothing; a mistake of ours is an attempt that failed', async () => {
      await deliveries.add([1, 2].map((n) => aDelivery('r', n)));
      let refusals = 2;
      let mistakes = 1;
      const away = {
        due: deliveries.due.bind(deliveries),
        record: async (attempts: Parameters<DeliveryStore['record']>[0]) => {
          // As when the answer to COMMIT is lost: it is there, and is written once more.
          if (refusals-- > 0) {
            await deliveries.record(attempts);
            throw new FourninesError('FN_CONTROL_AWAY', 'the answer was lost');
          }
          await deliveries.record(attempts);
        },
      };
      const answer = () => {
        if (mistakes-- > 0) throw new TypeError('a mistake');
        return delivered;
      };
      await using running = dispatching(answer, { deliveries: away });
      await running.dispatcher.start();
      await until({ what: 'the first attempt failed', deadlineMs: 20_000, everyMs: 5 }, async () => {
        return (await stateOf('r-1'))?.attempts === 1;
      });
      expect(await stateOf('r-1')).toMatchObject({ state: 'waiting', code: 'FN_INTERNAL' });
      nowMs += 3_600_000;
      await untilNoneWaits();
      expect(await states()).toEqual({ delivered: 2 });
      expect(sent).toEqual(['r-1', 'r-1', 'r-2']);
    });

    it('lists page by page, newest first, and by state, tenant and receiver', async () => {
      await deliveries.add([1, 2, 3].map((n) => aDelivery('r', n, { decidedMs: began + n, tenant: `t${n % 2}` })));
      const first = await deliveries.list({ limit: 2 });
      expect(first.map(({ id }) => id)).toEqual(['r-3', 'r-2']);
      const last = first.at(-1);
      const after = { decidedMs: last?.decidedMs ?? 0, id: last?.id ?? '' };
      expect((await deliveries.list({ after, limit: 2 })).map(({ id }) => id)).toEqual(['r-1']);
      expect((await deliveries.list({ tenant: 't1', limit: 9 })).map(({ id }) => id)).toEqual(['r-3', 'r-1']);
      expect(await deliveries.list({ state: 'dead', limit: 9 })).toEqual([]);
      expect(await deliveries.find('nobody')).toBeUndefined();
    });
  });
}
