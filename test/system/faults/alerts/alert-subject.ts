/**
 * A server as far as it tells of breaches: `node alert-subject.ts OPTIONS [ARMED]`. It writes a story of changes into a real
 * control store, and tells real receivers through the product's own channels and its guarded way out.
 */
import { writeFileSync } from 'node:fs';
import { channels } from '../../../../alerts/channels/index.ts';
import { createEgress } from '../../../../alerts/egress/egress.ts';
import { answerOf } from '../../../../alerts/egress/outcome.ts';
import { readEgressRules, readReceiverRules } from '../../../../alerts/egress/rules.ts';
import type { Notification } from '../../../../alerts/notification.ts';
import { newSecret, parseSigningKey } from '../../../../alerts/signature/key.ts';
import { sleepMs } from '../../../../core/runtime/clock.ts';
import { toFourninesError } from '../../../../core/runtime/error.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { Dispatcher } from '../../../../server/alerts/dispatcher.ts';
import { Notifier } from '../../../../server/alerts/notifier.ts';
import { AlertStore } from '../../../../server/control/alert-store.ts';
import { BreachStore, type NewChange } from '../../../../server/control/breach-store.ts';
import type { ControlStore } from '../../../../server/control/control-store.ts';
import { type Attempt, type Delivery, DeliveryStore } from '../../../../server/control/delivery-store.ts';
import { EmbeddedStore } from '../../../../server/control/embedded/embedded-store.ts';
import { PostgresStore } from '../../../../server/control/postgres/postgres-store.ts';
import { Turn } from '../../../../server/control/turn.ts';
import { Fuse, subjectArguments, tell } from '../fuse.ts';
import { type AlertRoadOptions, alertConfig, clockSpeed, leaseMs, receiverNames } from './alert-config.ts';
import { standStill } from './gate.ts';
import { storyOf } from './story.ts';

export type AlertOrder =
  /** Writes a chapter more. */
  | { readonly what: 'chapter' }
  /** Whoever said that they are gone are back; what was not sent to them is, if they want it. */
  | { readonly what: 'revive'; readonly replays: boolean };

export interface AlertStatus {
  readonly chaptersWritten: number;
  /** Each change was looked at, and all of it that is to be told by now is in the outbox. */
  readonly isDecided: boolean;
  /** Receivers for which something waits and which are not disabled. */
  readonly waiting: readonly string[];
  readonly disabled: readonly string[];
  readonly holds: { readonly decides: boolean; readonly sends: boolean };
}

export interface AlertDump {
  readonly deliveries: readonly (Omit<Delivery, 'ordinal'> & {
    readonly ordinal: string;
    readonly made: readonly Attempt[];
  })[];
  readonly isDecided: boolean;
}

const lookEveryMs = 10;
const statusEveryMs = 30;
/** A healthy receiver answers in a few ms. */
const bounds = { connectMs: 500, answerMs: 700, wholeMs: 1000 };

const { options, armed } = subjectArguments<AlertRoadOptions>();
const finishing = new AbortController();
const fuse = new Fuse(armed, () => finishing.abort());
let clockAheadMs = options.clockAheadMs;
let chaptersAsked = options.chaptersAsked;
let chaptersWritten = 0;
const holds = { decides: false, sends: false };

process.on('message', ({ what, order }: { readonly what: string; readonly order: AlertOrder }) => {
  if (what !== 'other') return;
  if (order.what === 'chapter') chaptersAsked++;
  else void revive(order.replays);
});

function reached(point: string): void {
  if (fuse.take(point) !== undefined) clockAheadMs += standStill(options.folder).clockMs;
}

function nowMs(): number {
  return Math.floor(options.clockBaseMs + (Date.now() - options.clockBaseMs) * clockSpeed + clockAheadMs);
}

const opened = openStore();
const store = withPoints(opened);
const [breaches, alerts, deliveries] = [new BreachStore(store), new AlertStore(store), new DeliveryStore(store)];
const isOne = options.postgres === undefined || options.subject === 'alone';
/** Work while this subject has the lease of that name, and what it says of that. */
function turnOf(name: 'decides' | 'sends') {
  if (isOne) return undefined;
  const turn = new Turn({ control: store, name: `alerts ${name}`, holder: options.subject, ttlMs: leaseMs });
  return (signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>) =>
    turn.take(signal, async (own) => {
      holds[name] = true;
      await work(own).finally(() => {
        holds[name] = false;
      });
    });
}

const egress = createEgress(
  readEgressRules({ own: [], ports: Object.values(options.ports), headers: [], loopback: 'development' }),
  { bounds },
);
const receiverRules = readReceiverRules({ privateRanges: [], http: 'allowed', ca: null });
const keys = [parseSigningKey(newSecret())];

async function send({ receiver, document }: Delivery, signal: AbortSignal) {
  const context = { baseUrl: 'https://fournines.test', language: 'en', zone: 'UTC', keys };
  const attemptAt = Math.floor(nowMs() / 1_000);
  const { headers, body } = channels.webhook.form(JSON.parse(document) as Notification, { ...context, attemptAt });
  const url = `http://127.0.0.1:${options.ports[receiver]}/${receiver}`;
  return answerOf(await egress.send({ url, headers, body }, receiverRules, signal));
}

const ready = async () => undefined;
const common = { ready, logger: silentLogger, nowMs, everyMs: lookEveryMs, turnMs: 50, reached };
const dispatcher = new Dispatcher({
  ...{ ...common, deliveries, send, inTurn: turnOf('sends') },
  permille: () => Math.floor(Math.random() * 1_001),
});
const notifier = new Notifier({
  ...{ ...common, store: alerts, config: () => alertConfig, inTurn: turnOf('decides') },
  indicatorOf: async () => 'availability',
  onDeliveries: () => dispatcher.wake(),
});

await whileAway(() => store.open());
await notifier.start();
await dispatcher.start();
const told = tellStatus();
await author();
await told;
await notifier.stop();
await dispatcher.stop();
writeFileSync(options.dump, JSON.stringify(await dumped()));
await store.close();
fuse.release();

/** Writes what is asked for; what is there already, byte by byte, is left as it is. */
async function author(): Promise<void> {
  const story = storyOf(options);
  while (!finishing.signal.aborted) {
    const chapter = chaptersWritten < chaptersAsked ? story[chaptersWritten] : undefined;
    if (chapter === undefined) {
      await sleepMs(lookEveryMs, finishing.signal).catch(() => undefined);
      continue;
    }
    for (const change of chapter) await writeOne(change);
    chaptersWritten++;
  }
}

async function writeOne(change: NewChange): Promise<void> {
  await whileAway(() => breaches.append([change]));
  reached('breachWritten');
  notifier.wake();
}

async function tellStatus(): Promise<void> {
  while (!finishing.signal.aborted) {
    await status()
      .then(tell)
      .catch(() => undefined);
    await sleepMs(statusEveryMs, finishing.signal).catch(() => undefined);
  }
}

/** Asked for in this order, so that what it says of the end of a chapter holds. */
async function status(): Promise<AlertStatus> {
  const written = chaptersWritten;
  const isDecided = await decided();
  const disabled: string[] = [];
  const waiting: string[] = [];
  for (const receiver of receiverNames) {
    if ((await deliveries.circuit(receiver)).disabled !== '') disabled.push(receiver);
    else if ((await deliveries.list({ receiver, state: 'waiting', limit: 1 })).length > 0) waiting.push(receiver);
  }
  return { chaptersWritten: written, isDecided, waiting, disabled, holds: { ...holds } };
}

async function decided(): Promise<boolean> {
  return (await alerts.pending(0n, 1)).length === 0 && (await alerts.load()).state.wakeAt === null;
}

async function revive(replays: boolean): Promise<void> {
  for (const receiver of receiverNames) {
    const { disabled } = await whileAway(() => deliveries.circuit(receiver));
    if (disabled === '') continue;
    if (replays) await whileAway(() => deliveries.replay({ receiver }, nowMs()));
    await whileAway(() => deliveries.enable(receiver));
  }
}

async function dumped(): Promise<AlertDump> {
  const all: AlertDump['deliveries'][number][] = [];
  for (const receiver of receiverNames) {
    for (const each of await deliveries.list({ receiver, limit: 1_000 })) {
      const found = await deliveries.find(each.id);
      all.push({ ...each, ordinal: String(each.ordinal), made: found?.attempts ?? [] });
    }
  }
  return { deliveries: all, isDecided: await decided() };
}

async function whileAway<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!toFourninesError(error).retryable) throw error;
    }
    await sleepMs(lookEveryMs, new AbortController().signal);
  }
}

function openStore(): ControlStore {
  const { postgres, embedded } = options;
  return postgres === undefined
    ? new EmbeddedStore({ folder: embedded, logger: silentLogger })
    : new PostgresStore({ ...postgres, logger: silentLogger, connectDeadlineMs: 1_000 });
}

/** Stands still, if it is armed, before any statement of a transaction: in the middle of what must be kept together. */
function withPoints(inner: ControlStore): ControlStore {
  return {
    open: () => inner.open(),
    query: (sql, values, call) => inner.query(sql, values, call),
    transaction: (work, call) =>
      inner.transaction(
        (session) =>
          work({
            query: (sql, values) => {
              reached('statement');
              return session.query(sql, values);
            },
            script: (sql) => session.script(sql),
          }),
        call,
      ),
    stats: () => inner.stats(),
    close: () => inner.close(),
  };
}
