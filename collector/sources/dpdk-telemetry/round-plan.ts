/** What is asked in one round, and how much fits. Pure. */

export type Question =
  | { readonly about: 'commands' | 'ports' | 'mempools' | 'lcores' }
  | { readonly about: 'stats' | 'info'; readonly portId: number }
  | { readonly about: 'xstats'; readonly portId: number; readonly hidesZero: boolean }
  | { readonly about: 'mempool'; readonly name: string };

/** A device as the plan sees it. Times are boundaries; minus infinity: never. */
export interface PlannedPort {
  readonly id: number;
  readonly statsAt: number;
  readonly xstatsAt: number;
  readonly infoAt: number;
  readonly hidesZero: boolean;
}

export interface PlannedPool {
  readonly name: string;
  readonly infoAt: number;
}

export interface PlanInput {
  readonly boundary: number;
  readonly ports: readonly PlannedPort[];
  /** Whether the list of commands is known. */
  readonly knowsCommands: boolean;
  readonly mempools: readonly PlannedPool[];
  /** When the list of pools was read. */
  readonly mempoolsAt: number;
  readonly lcoresAt: number;
  readonly tellsLcores: boolean;
  /** Commands that a round may have. */
  readonly commandsMax: number;
  /** Ticks over which the extended counters are spread at least. */
  readonly spreadLeast: number;
}

export interface RoundPlan {
  readonly questions: readonly Question[];
  /** Ticks until the extended counters of every device have been read; 1: each second. */
  readonly spread: number;
  /** The same as it would be without a least. */
  readonly spreadNeeded: number;
}

/** Device information, and whether another device has taken an id. */
const infoSeconds = 10;
/** Pools and lcores. */
const slowSeconds = 5;
/** No round is longer, however fast the answers: half of what the addon takes. */
const commandsMost = 2048;
/** Even the slowest program is asked for its list and the counters of a few devices. */
const commandsLeast = 8;
/** Of the time there is, this share is planned: answers are slower when the CPU is busy. */
const sharePlanned = 0.5;

/** How many commands fit into `budgetMs` when one takes `commandMs` on average. */
export function commandsThatFit(budgetMs: number, commandMs: number): number {
  const fitting = Math.floor((budgetMs * sharePlanned) / Math.max(commandMs, 0.001));
  return Math.max(commandsLeast, Math.min(commandsMost, fitting));
}

/**
 * The questions of a tick in the order in which they are asked: first which devices there are, then which one has each
 * id, then the counters, then what is slow. Basic counters go before extended ones, and who waited longest goes first.
 */
export function planRound(input: PlanInput): RoundPlan {
  const { boundary, ports, commandsMax } = input;
  const first: Question[] = [{ about: 'ports' }];
  if (!input.knowsCommands) first.unshift({ about: 'commands' });
  const slow = slowQuestions(input);
  const infos = ports.filter(({ infoAt }) => isDue(boundary, infoAt, infoSeconds));
  // What is slow may take a quarter of the round; the rest of it waits for the next.
  const slowMax = Math.max(1, Math.floor(commandsMax / 4));
  const infosAsked = longestFirst(infos, (port) => port.infoAt).slice(0, slowMax);
  const slowAsked = slow.slice(0, Math.max(0, slowMax - infosAsked.length));
  const room = Math.max(2, commandsMax - first.length - slowMax);
  const stats = longestFirst(ports, (port) => port.statsAt).slice(0, Math.max(1, room - 1));
  const spreadNeeded = ticksFor(ports.length, room - stats.length);
  const spread = Math.max(spreadNeeded, input.spreadLeast);
  // The same number in each tick: a device is then read every so many ticks, and not now and then.
  const xstats = longestFirst(stats, (port) => port.xstatsAt).slice(0, Math.ceil(ports.length / spread));
  const extended = new Set(xstats);
  return {
    questions: [
      ...first,
      ...infosAsked.map(({ id }): Question => ({ about: 'info', portId: id })),
      ...stats.flatMap((port) => countersOf(port, extended.has(port))),
      ...slowAsked,
    ],
    spread,
    spreadNeeded,
  };
}

function ticksFor(devices: number, room: number): number {
  return Math.max(1, Math.ceil(devices / Math.max(1, room)));
}

/** The questions about a device that has just been found. */
export function countersOf(
  { id, hidesZero }: Pick<PlannedPort, 'id' | 'hidesZero'>,
  withExtended: boolean,
): Question[] {
  const basic: Question = { about: 'stats', portId: id };
  return withExtended ? [basic, { about: 'xstats', portId: id, hidesZero }] : [basic];
}

function slowQuestions({ boundary, mempools, mempoolsAt, lcoresAt, tellsLcores }: PlanInput): Question[] {
  const questions: Question[] = [];
  if (isDue(boundary, mempoolsAt, slowSeconds)) questions.push({ about: 'mempools' });
  const pools = mempools.filter(({ infoAt }) => isDue(boundary, infoAt, slowSeconds));
  for (const { name } of longestFirst(pools, ({ infoAt }) => infoAt)) questions.push({ about: 'mempool', name });
  if (tellsLcores && isDue(boundary, lcoresAt, slowSeconds)) questions.push({ about: 'lcores' });
  return questions;
}

/** A clock that was set back makes everything due. */
function isDue(boundary: number, last: number, seconds: number): boolean {
  return Math.abs(boundary - last) >= seconds;
}

function longestFirst<T>(items: readonly T[], last: (item: T) => number): T[] {
  return [...items].sort((a, b) => {
    const [one, other] = [last(a), last(b)];
    // Two that were never read differ by no number.
    return one === other ? 0 : one - other;
  });
}

/** The command as it is sent. */
export function commandOf(question: Question): string {
  switch (question.about) {
    case 'commands':
      return '/';
    case 'ports':
      return '/ethdev/list';
    case 'mempools':
      return '/mempool/list';
    case 'lcores':
      return '/eal/lcore/usage';
    case 'stats':
      return `/ethdev/stats,${question.portId}`;
    case 'info':
      return `/ethdev/info,${question.portId}`;
    case 'xstats':
      return `/ethdev/xstats,${question.portId}${question.hidesZero ? ',hide_zero=true' : ''}`;
    case 'mempool':
      return `/mempool/info,${question.name}`;
  }
}
