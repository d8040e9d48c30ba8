import type { Notification } from '../../../../alerts/notification.ts';
import { receiverNames } from './alert-config.ts';
import type { AlertRoad } from './alert-road.ts';
import type { AlertDump } from './alert-subject.ts';
import { owedBy } from './owed.ts';
import { type Arrival, isAccepted, retryAfterSeconds } from './receivers.ts';
import { storyOf } from './story.ts';

/** What receivers got, against what the changes of breaches say that they must be told. */
export interface AlertAccount {
  readonly messages: number;
  readonly lost: number;
  readonly doubled: number;
  readonly blocks: number;
  /** What is not as it must be; empty: nothing. */
  readonly wrong: readonly string[];
}

type Kept = AlertDump['deliveries'][number] & { readonly notification: Notification };

/** Lets all be told, ends the road in order, and holds what was got against the story. */
export async function accountOfAlerts(road: AlertRoad): Promise<AlertAccount> {
  road.receivers.allWell();
  road.order({ what: 'revive', replays: true });
  await road.quiet();
  const dump = await road.finish();
  const kept = dump.deliveries
    .map((delivery): Kept => ({ ...delivery, notification: JSON.parse(delivery.document) as Notification }))
    .sort((a, b) => Number(BigInt(a.ordinal) - BigInt(b.ordinal)));
  const { arrivals } = road.receivers;
  const lost = receiverNames.flatMap((receiver) => lostBy(receiver, road, kept));
  const doubled = [
    ...receiverNames.flatMap((receiver) => doubledBy(kept.filter((each) => each.receiver === receiver))),
    ...unknownIds(kept, arrivals),
  ];
  const wrong = [
    ...(dump.isDecided ? [] : ['something is not decided']),
    ...receiverNames.flatMap((receiver) => disorderOf(receiver, kept, arrivals, road.kind !== 'two servers')),
    ...kept.flatMap((delivery) => badLedger(delivery, arrivals)),
    ...kept.flatMap(tooSoon),
    ...tooFewAttempts(road, kept),
  ];
  return {
    messages: kept.length,
    blocks: arrivals.length,
    lost: lost.length,
    doubled: doubled.length,
    wrong: [...lost, ...doubled, ...wrong],
  };
}

/** Told, or a dead letter that says why not: each alert that fires in quiet, and the end of each that was told to fire. */
function lostBy(receiver: string, road: AlertRoad, all: readonly Kept[]): readonly string[] {
  const own = all.filter((delivery) => delivery.receiver === receiver);
  const told = own.filter(({ state, code }) => state === 'delivered' || (state === 'dead' && code !== ''));
  const waiting = own.filter(({ state }) => state === 'waiting').map(({ id }) => `${receiver}: ${id} still waits`);
  const facts = told.flatMap(({ notification }) => notification.alerts);
  const story = storyOf(road.options);
  const { firing, over } = owedBy(story, road.quietAfter, receiver);
  const untold = firing
    .filter(
      ({ fingerprint, news }) =>
        !facts.some((fact) => fact.fingerprint === fingerprint && fact.status === 'firing' && fact.entry >= news),
    )
    .map(({ fingerprint, news }) => `${receiver}: nobody told that ${fingerprint} fires, change ${news}`);
  const firedOf = new Set(facts.filter(({ status }) => status === 'firing').map(({ fingerprint }) => fingerprint));
  const endedOf = new Set(facts.filter(({ status }) => status === 'resolved').map(({ fingerprint }) => fingerprint));
  const endless = [...firedOf]
    .filter((fingerprint) => over.has(fingerprint) && !endedOf.has(fingerprint))
    .map((fingerprint) => `${receiver}: nobody told that ${fingerprint} is over`);
  return [...waiting, ...untold, ...endless];
}

/** In the order of sending: whatever is told has something in it that was not told before, and an end is told once. */
function doubledBy(own: readonly Kept[]): readonly string[] {
  const entries = new Map<string, number>();
  const ended = new Set<string>();
  const doubled: string[] = [];
  for (const { id, receiver, notification } of own) {
    const { alerts, reason } = notification;
    const isFirst = alerts.some(({ fingerprint }) => !entries.has(fingerprint));
    const isNews = alerts.some(({ fingerprint, entry }) => entry > (entries.get(fingerprint) ?? 0));
    if (!isNews || (reason === 'new' && !isFirst))
      doubled.push(`${receiver}: ${id} (${reason}) tells what was told before`);
    for (const { fingerprint, entry, status } of alerts) {
      if (ended.has(fingerprint)) doubled.push(`${receiver}: ${id} tells of ${fingerprint} after its end`);
      if (entry < (entries.get(fingerprint) ?? 0)) doubled.push(`${receiver}: ${id} tells an older change`);
      entries.set(fingerprint, entry);
      if (status === 'resolved') ended.add(fingerprint);
    }
  }
  return doubled;
}

/** What came under an id that is in no outbox, to somebody else, or with another body. */
function unknownIds(kept: readonly Kept[], arrivals: readonly Arrival[]): readonly string[] {
  const known = new Map(kept.map((delivery) => [delivery.id, delivery]));
  const bodies = new Map<string, string>();
  return arrivals.flatMap(({ id, receiver, body }) => {
    const first = bodies.get(id) ?? body;
    bodies.set(id, first);
    if (known.get(id)?.receiver !== receiver) return [`${receiver} got ${id}, which is not for it`];
    return first === body ? [] : [`${receiver} got ${id} with another body`];
  });
}

/**
 * Ids come for the first time in the order of the outbox. While nobody else can be sending, none comes again once a later
 * one came, unless it was given up before: each attempt is written down before the next.
 */
function disorderOf(
  receiver: string,
  kept: readonly Kept[],
  arrivals: readonly Arrival[],
  isAlone: boolean,
): readonly string[] {
  const own = kept.filter((delivery) => delivery.receiver === receiver);
  const place = new Map(own.map(({ id }, index) => [id, index]));
  const wasGivenUp = new Set(
    own
      .filter(({ made }) => made.some(({ outcome }) => outcome === 'gone' || outcome === 'giveUp'))
      .map(({ id }) => id),
  );
  const seen = new Set<string>();
  let last = -1;
  const wrong: string[] = [];
  for (const { id } of arrivals.filter((arrival) => arrival.receiver === receiver)) {
    const at = place.get(id) ?? last;
    const isFirst = !seen.has(id);
    if (at < last && isFirst) wrong.push(`${receiver}: ${id} came for the first time after a later one`);
    if (at < last && !isFirst && isAlone && !wasGivenUp.has(id))
      wrong.push(`${receiver}: ${id} came again after a later one`);
    seen.add(id);
    last = Math.max(last, at);
  }
  return wrong;
}

/** What the outbox says of a delivery against what its receiver saw. */
function badLedger({ id, receiver, state, attempts, made }: Kept, arrivals: readonly Arrival[]): readonly string[] {
  const own = arrivals.filter((arrival) => arrival.id === id);
  const answered = own.filter(({ isAnswered }) => isAnswered).length;
  const said = made.filter(({ status }) => status !== null).length;
  return [
    ...(made.length === attempts ? [] : [`${receiver}: ${id} has ${made.length} attempts in its log, not ${attempts}`]),
    ...(said <= answered
      ? []
      : [`${receiver}: ${id} has ${said} answers in its log, and was answered ${answered} times`]),
    ...(state !== 'delivered' || own.some(isAccepted)
      ? []
      : [`${receiver}: ${id} is delivered, and was never accepted`]),
  ];
}

/** Whoever said how long to leave them alone is left alone, by the clock of the servers; where it was set back nobody can say. */
function tooSoon({ id, receiver, made }: Kept): readonly string[] {
  return made.flatMap(({ atMs, status }, index) => {
    const pauseMs = (made[index + 1]?.atMs ?? Number.POSITIVE_INFINITY) - atMs;
    if (status !== 429 || pauseMs < 0 || pauseMs >= retryAfterSeconds * 1_000) return [];
    return [`${receiver}: ${id} was tried again ${pauseMs} ms after it asked for ${retryAfterSeconds} s`];
  });
}

/** With two servers a turn may pass over at any time, and what was answered then is not written down. */
function tooFewAttempts(road: AlertRoad, kept: readonly Kept[]): readonly string[] {
  if (road.kind === 'two servers') return [];
  const answered = road.receivers.arrivals.filter(({ isAnswered }) => isAnswered).length;
  const recorded = kept.reduce((sum, { attempts }) => sum + attempts, 0);
  const excused = road.kills * receiverNames.length;
  return answered - recorded <= excused
    ? []
    : [`${answered} sends were answered and ${recorded} attempts written down, with ${road.kills} kills`];
}
