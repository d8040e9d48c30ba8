import { sleepMs } from '../../../../core/runtime/clock.ts';
import { until } from '../../../lab/waiting.ts';
import type { Random } from '../road-faults.ts';
import { signalTo } from '../subject.ts';
import { clockSpeed, receiverNames } from './alert-config.ts';
import type { AlertKind, AlertRoad } from './alert-road.ts';
import { type Mood, moods } from './receivers.ts';

export interface AlertFault {
  readonly name: string;
  /** False: it did not come to it. Starts with the next chapter of the story. */
  readonly inflict: (road: AlertRoad, random: Random) => Promise<boolean>;
}

/** Where a server is hurt, in the order in which a change passes. `sending`: a receiver has the request and not answered. */
const points = {
  breachWritten: 'breach to outbox',
  decided: 'breach to outbox',
  kept: 'outbox to send',
  taken: 'outbox to send',
  sending: 'in mid-send',
  answered: 'send to record',
  recorded: 'record to next',
  statement: 'in a transaction',
} as const;
type Point = keyof typeof points;
const decidesAt: ReadonlySet<Point> = new Set(['breachWritten', 'decided', 'kept']);

const actions = {
  'kill -9': killed,
  'store killed': storeKilled,
  'store away for a minute': storeAway,
  'clock an hour ahead': (road: AlertRoad, victim: string) => stepped(road, victim, hourMs),
  'clock an hour back': (road: AlertRoad, victim: string) => stepped(road, victim, -hourMs),
  'lease lost': leaseLost,
} as const;
type Action = keyof typeof actions;

const hourMs = 3_600_000;
const reachMs = 4_000;
/** Asked for, at most, by one fault. */
export const chaptersARound = 3;
const triesARound = 2;
/** At most so many times it comes by a point before it is hurt there. */
const hitsMax: Readonly<Record<Point, number>> = {
  ...{ breachWritten: 6, decided: 3, kept: 1, taken: 3, sending: 1, answered: 3, recorded: 2, statement: 40 },
};

/** Both kinds of store, each with everything but what takes two servers. */
const alone = (Object.keys(points) as Point[]).flatMap((point) => {
  const steps: readonly Action[] = ['decided', 'taken', 'answered'].includes(point)
    ? ['clock an hour ahead', 'clock an hour back']
    : [];
  const away: readonly Action[] = ['breachWritten', 'taken', 'answered'].includes(point)
    ? ['store away for a minute']
    : [];
  return (['kill -9', 'store killed', ...away, ...steps] as const).map((action) => [point, action] as const);
});
const together: readonly (readonly [Point, Action])[] = [
  ...(['decided', 'taken', 'sending', 'answered'] as const).map((point) => [point, 'lease lost'] as const),
  ...(['decided', 'taken', 'sending', 'answered', 'statement'] as const).map((point) => [point, 'kill -9'] as const),
  ...[['answered', 'store killed'] as const, ['taken', 'store away for a minute'] as const],
  ...[['taken', 'clock an hour ahead'] as const],
  ...[['taken', 'clock an hour back'] as const],
];

export function alertFaultsOf(kind: AlertKind): readonly AlertFault[] {
  const placed = kind === 'two servers' ? together : alone;
  return [
    ...placed.map(([point, action]) => ({
      name: `${kind}: ${points[point]} (${point}): ${action}`,
      inflict: (road: AlertRoad, random: Random) => hurt(road, random, { point, action }),
    })),
    ...moods.map((mood) => ({
      name: `receiver: ${mood}`,
      inflict: (road: AlertRoad, random: Random) => answeredBadly(road, random, mood),
    })),
  ];
}

async function hurt(
  road: AlertRoad,
  random: Random,
  { point, action }: { readonly point: Point; readonly action: Action },
): Promise<boolean> {
  const victim = await road.holder(decidesAt.has(point) ? 'decides' : 'sends');
  const hit = 1 + Math.floor(random() * hitsMax[point]);
  const isThere =
    point === 'sending' ? await heldAnswer(road, random) : await stillAt(road, victim, { point, hit, random });
  if (!isThere) {
    road.receivers.allWell();
    // It may have come to it just now.
    road.subject(victim).arm(undefined);
    if (road.standsStill(victim)) road.letGo(victim);
    return false;
  }
  const isHurt = await actions[action](road, victim, random, decidesAt.has(point) ? 'decides' : 'sends');
  road.receivers.letGo();
  return isHurt;
}

async function stillAt(
  road: AlertRoad,
  victim: string,
  { point, hit, random }: { readonly point: Point; readonly hit: number; readonly random: Random },
): Promise<boolean> {
  road.arm(victim, point, hit);
  // Something to be written down besides what goes well.
  if (random() < 0.3) road.receivers.setMood(receiverOf(random), 'broken', 1);
  return chaptersUntil(road, () => road.standsStill(victim));
}

async function heldAnswer(road: AlertRoad, random: Random): Promise<boolean> {
  road.receivers.setMood(receiverOf(random), 'held', 1);
  return chaptersUntil(road, () => road.receivers.isHolding);
}

async function killed(road: AlertRoad, victim: string): Promise<boolean> {
  await road.killAndStart(victim);
  return true;
}

async function storeKilled(road: AlertRoad, victim: string, random: Random): Promise<boolean> {
  await road.killStore(victim);
  if (road.standsStill(victim)) road.letGo(victim);
  await sleepMs(200 + random() * 800, new AbortController().signal);
  await road.startStore();
  return true;
}

/** By the clock of the servers. Meanwhile more breaches happen and pauses end: none of it can be written down. */
async function storeAway(road: AlertRoad, victim: string): Promise<boolean> {
  const bringBack = await road.holdStore(victim);
  try {
    if (road.standsStill(victim)) road.letGo(victim);
    road.chapter();
    await sleepMs(60_000 / clockSpeed, new AbortController().signal);
  } finally {
    await bringBack();
  }
  return true;
}

async function stepped(road: AlertRoad, victim: string, clockMs: number): Promise<boolean> {
  road.letGo(victim, { clockMs });
  return true;
}

/** It stands still, like a machine that is being moved, until another one has what it had; then it goes on. */
async function leaseLost(
  road: AlertRoad,
  victim: string,
  _random: Random,
  what: 'decides' | 'sends',
): Promise<boolean> {
  const stopped = !road.standsStill(victim);
  if (stopped) signalTo(road.subject(victim).pid, 'SIGSTOP');
  const other = road.names.find((name) => name !== victim) as string;
  const isOver = await comes(() => road.status(other)?.holds[what] === true);
  if (stopped) signalTo(road.subject(victim).pid, 'SIGCONT');
  else road.letGo(victim);
  return isOver;
}

async function answeredBadly(road: AlertRoad, random: Random, mood: Mood): Promise<boolean> {
  const receiver = receiverOf(random);
  const before = road.receivers.arrivals.length;
  road.receivers.setMood(receiver, mood, 1 + Math.floor(random() * 3));
  const came = await chaptersUntil(road, () =>
    road.receivers.arrivals.slice(before).some((each) => each.mood === mood),
  );
  if (mood === 'gone' && came) {
    await road.anyDisabled();
    // What comes meanwhile waits.
    road.chapter();
    road.receivers.allWell();
    await sleepMs(random() * 500, new AbortController().signal);
    road.order({ what: 'revive', replays: random() < 0.5 });
  }
  return came;
}

function receiverOf(random: Random): string {
  return receiverNames[Math.floor(random() * receiverNames.length)] as string;
}

/** What is told together may pass a point once, and a chapter may have nothing for a receiver: then another one follows. */
async function chaptersUntil(road: AlertRoad, look: () => boolean): Promise<boolean> {
  for (let chapter = 0; chapter < triesARound; chapter++) {
    road.chapter();
    if (await comes(look)) return true;
  }
  return false;
}

async function comes(look: () => boolean): Promise<boolean> {
  return until({ what: 'it comes to it', deadlineMs: reachMs, everyMs: 5 }, look).catch(() => false);
}
