import { type Spread, spreadOf, tellSpread } from '../spread.ts';
import { type ReceiverClass, receiverClasses, type StormTold } from './protocol.ts';
import { countsOf, otherRate, slowMs, type TurnResult } from './turns.ts';

type Say = (line: string) => void;

/** What makes a figure worthless is said before it. */
export function faultsOf(turn: TurnResult): string[] {
  const { told, tally } = turn;
  const found: string[] = [];
  const { healthy } = tally;
  if (told.failures > 0) found.push(`${told.failures} failures of ours, the last ${told.lastErrorCode}`);
  for (const name of receiverClasses) {
    if (tally[name].outOfOrder > 0)
      found.push(`${tally[name].outOfOrder} deliveries to ${name} receivers out of order`);
    if (tally[name].signaturesBad > 0) found.push(`${tally[name].signaturesBad} bad signatures at ${name} receivers`);
  }
  if (healthy.again > 0) found.push(`${healthy.again} deliveries to healthy receivers twice`);
  if (healthy.signaturesChecked === 0) found.push('no signature was checked');
  return found;
}

/** Whether all that was decided went out: what waits does not become more. */
export function isFlat({ told, load }: TurnResult): boolean {
  const owed = load.kind === 'steady' ? load.rate * told.seconds : told.added;
  return told.added >= 0.97 * owed && told.backlogEnd <= told.backlogMiddle + owed / 20;
}

export function percentile(latenciesMs: Float64Array, permille: number): number {
  const sorted = latenciesMs.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * permille) / 1_000))] ?? Number.NaN;
}

/** Of deliveries to healthy receivers. */
export function perSecond({ told }: TurnResult): number {
  return told.delivered / told.seconds;
}

export function tellClasses(turns: readonly TurnResult[], receivers: number, say: Say): void {
  const counts = countsOf(
    receivers,
    turns.some(({ hanging }) => hanging),
  );
  for (const name of receiverClasses) {
    if (counts[name] === 0) continue;
    const each = turns.filter(({ tally }) => tally[name].latenciesMs.length > 0);
    const at = (permille: number) =>
      each.length === 0
        ? 'none received'
        : `${tellSpread(spreadOf(each.map(({ tally }) => percentile(tally[name].latenciesMs, permille))))} ms`;
    const received = spreadOf(turns.map(({ tally }) => tally[name].received));
    say(`  ${counts[name]} ${describe(name)}: p50 ${at(500)}, p99 ${at(990)}; ${tellSpread(received, 0)} requests`);
  }
}

function describe(name: ReceiverClass): string {
  switch (name) {
    case 'healthy':
      return 'healthy';
    case 'slow':
      return `slow (answer after ${slowMs} ms, ${otherRate}/s each)`;
    case 'hanging':
      return `hanging (${otherRate}/s each)`;
    case 'failing':
      return `failing with 503 (${otherRate}/s each)`;
  }
}

export function tellCost(turns: readonly TurnResult[], say: Say): void {
  const spread = (of: (turn: TurnResult) => number, digits: number) => tellSpread(spreadOf(turns.map(of)), digits);
  const cores = {
    subject: spread(({ told }) => told.cpuMs / 1_000 / told.seconds, 2),
    database: spread(({ cpu }) => cpu.database, 2),
    receivers: spread(({ cpu }) => cpu.receivers, 2),
  };
  const written = turns.every(({ told }) => told.writtenBytes !== undefined)
    ? `; ${spread(({ told }) => (told.writtenBytes ?? 0) / told.attempts / 1_000, 1)} kB written an attempt`
    : '';
  say(`  cores: server ${cores.subject}, database ${cores.database}, receivers ${cores.receivers}${written}`);
}

/** The p99 of healthy receivers with those that hang over that without them, each pair from turns side by side. */
export function hangingRatio(pairs: readonly (readonly [without: TurnResult, with_: TurnResult])[]): {
  readonly ratio: Spread;
  readonly isResolved: boolean;
} {
  const p99 = ({ tally }: TurnResult) => percentile(tally.healthy.latenciesMs, 990);
  const ratio = spreadOf(pairs.map(([without, with_]) => p99(with_) / p99(without)));
  return { ratio, isResolved: pairs.length >= 3 && (ratio.min > 1 || ratio.max < 1) };
}

export function tellStorm(told: StormTold, changes: number, waitSeconds: number, say: Say): string[] {
  const { takenMs, outboxMs, notifications, writtenBytes, startMiB, peakMiB, loadMs, failures } = told;
  say(`a storm, ${changes} ports down at once, two routes that take them all, wait of the routes ${waitSeconds} s`);
  for (const { receiver, named, leftOut, bytes } of notifications) {
    say(
      `  ${receiver}: one notification, ${named} alerts named and ${leftOut} counted, ${(bytes / 1_000).toFixed(0)} kB`,
    );
  }
  say(
    `  each change looked at after ${takenMs.toFixed(0)} ms, in the outbox after ${outboxMs.toFixed(0)} ms (the wait in it); ` +
      `read again in ${loadMs.toFixed(0)} ms`,
  );
  say(
    `  resident ${startMiB.toFixed(0)} MiB before, ${peakMiB.toFixed(0)} MiB at most; ${(writtenBytes / 1e6).toFixed(1)} MB written`,
  );
  const faults = notifications.flatMap(({ receiver, named, leftOut }) =>
    named + leftOut === changes ? [] : [`${receiver} was told of ${named + leftOut} alerts`],
  );
  if (new Set(notifications.map(({ receiver }) => receiver)).size !== 2 || notifications.length !== 2)
    faults.push(`${notifications.length} notifications instead of one a route`);
  if (Number.isNaN(takenMs)) faults.push('not each change was looked at in time');
  if (failures > 0) faults.push(`${failures} failures of ours, the last ${told.lastErrorCode}`);
  return faults;
}
