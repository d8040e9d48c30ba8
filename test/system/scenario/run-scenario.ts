import type { Explanation } from '../../../server/api/schema/explain.ts';
import type { StallList } from '../../../server/api/schema/hosts.ts';
import type { LedgerDetail } from '../../../server/api/schema/ledger.ts';
import { owners } from '../../../server/attribution/evidence.ts';
import type { Lab } from '../../lab/lab.ts';
import { type Counted, countAll, portOf } from '../datapath-accounts.ts';
import { iso, nextBoundary, type ProductApi, reached } from '../product-api.ts';
import { addressOf, endOf } from './acts.ts';
import { type Found, wrongOf } from './judge-scenario.ts';
import type { Scenario } from './scenarios.ts';

/** What a scenario came to, beside what was expected of it. */
export interface Outcome extends Found {
  readonly scenario: Scenario;
  /** Each row of drops: whose, by which rule, and what was missing. */
  readonly stories: readonly string[];
  /** Hashes of the readings that decided. */
  readonly evidence: readonly string[];
  /** What is not as it should be; empty: everything is. */
  readonly wrong: readonly string[];
}

const datapath = 'netdev@ovs-netdev';
const plainLoad = { pps: 20_000, burst: 32 } as const;
/** Causes and the counters of absent guests are told every 5 s; then owners follow. */
const settleSeconds = 17;
/** A row that began before the window is no part of it: nothing passes until all of them have ended. */
const idleSeconds = 6;
const leadSeconds = 14;
const ownersMs = 90_000;

export async function runScenario(lab: Lab, api: ProductApi, scenario: Scenario): Promise<Outcome> {
  await lab.settle();
  const restore = await scenario.prepare?.(lab);
  try {
    const counted = await runFault(lab, scenario);
    const { from, to } = counted;
    const explained = await told(api, scenario, from, to);
    const { shared } = scenario;
    const story = shared === undefined ? undefined : await storyOf(api, shared.port, { from, to });
    const detail = await api.ledgerDetail(
      datapath,
      from,
      to,
      ({ entry }) => Date.parse(entry.settledTo ?? '1970-01-01T00:00:00Z') >= to * 1000 - 5_000,
    );
    return outcomeOf(scenario, counted, { explained, story, detail, stallMs: await stallOf(api, from, to) });
  } finally {
    await restore?.();
  }
}

function wayOf({ way }: Scenario) {
  return way ?? { from: 'vhu3', to: 'vhu4' };
}

interface Window {
  readonly from: number;
  readonly to: number;
  readonly before: Counted;
  readonly after: Counted;
}

/** The load, with the fault in the middle of it; all that it can be told of is stored at its end. */
async function runFault(lab: Lab, scenario: Scenario): Promise<Window> {
  const { from: end, to: other } = wayOf(scenario);
  const sender = endOf(lab, end);
  try {
    await lab.settle();
    const destination = addressOf(lab, other);
    const from = await nextBoundary();
    const before = await countAll(lab);
    await reached(from + idleSeconds);
    await sender.start({ ...(scenario.load ?? plainLoad), destination });
    // A port without traffic is told nothing of: its causes would be told over all of that time at once.
    await reached(from + leadSeconds);
    await scenario.fault(lab);
    await sender.stop();
    await lab.settle();
    const after = await countAll(lab);
    const to = (await nextBoundary()) + settleSeconds;
    await reached(to);
    return { from, to, before, after };
  } finally {
    await sender.stop();
  }
}

/** The story of the port, once every row of it has been given to somebody or to nobody. */
async function told(api: ProductApi, scenario: Scenario, from: number, to: number): Promise<Explanation> {
  const { expected, dark } = scenario;
  const port = expected?.port ?? dark?.port ?? wayOf(scenario).to;
  return storyOf(api, port, { from, to, isSure: expected !== null && expected.chanceOf === undefined });
}

function storyOf(
  api: ProductApi,
  port: string,
  { from, to, isSure = false }: { readonly from: number; readonly to: number; readonly isSure?: boolean },
): Promise<Explanation> {
  return api.until<Explanation>(
    `explain?host=${api.host}&port=${encodeURIComponent(port)}&from=${iso(from)}&to=${iso(to)}`,
    ({ items }) => items.every((row) => row.told !== null) && (items.length > 0 || !isSure),
    ownersMs,
  );
}

/** The longest time that a polling thread of the switch surely stood still, ms. */
async function stallOf(api: ProductApi, from: number, to: number): Promise<bigint> {
  const { stalls } = await api.get<StallList>(`hosts/${api.host}/stalls?from=${iso(from)}&to=${iso(to)}&limit=1000`);
  const polling = stalls.filter(({ role, name }) => role === 'pmd' && name.startsWith('pmd-'));
  return polling.reduce((most, { lowNs }) => (BigInt(lowNs) > most ? BigInt(lowNs) : most), 0n) / 1_000_000n;
}

function lostBy(scenario: Scenario, { before, after }: Window) {
  const difference = (port: string, key: 'sent' | 'received' | 'refused') =>
    (after.ends.get(port)?.[key] ?? 0n) - (before.ends.get(port)?.[key] ?? 0n);
  const way = wayOf(scenario);
  const end = portOf({ name: way.from });
  const { port = way.to, direction = 'toGuest' } = scenario.expected ?? {};
  const dropped = (name: string, key: 'txDropped' | 'rxDropped') => {
    const [now, then] = [after.datapath.get(name)?.[key], before.datapath.get(name)?.[key]];
    return now === undefined || then === undefined ? undefined : now - then;
  };
  const own = dropped(port.replace(/^ovs:/, ''), direction === 'toGuest' ? 'txDropped' : 'rxDropped');
  const beside = scenario.shared === undefined ? 0n : dropped(scenario.shared.port, 'txDropped');
  return {
    generator: scenario.isSeenByGenerators ? difference(end, 'sent') - difference(way.to, 'received') : undefined,
    datapath: scenario.isSeenByDatapath && own !== undefined && beside !== undefined ? own + beside : undefined,
    refused: difference(end, 'refused'),
  };
}

function causesOf({ items }: Explanation): Found['causes'] {
  const sums = new Map<string, bigint>();
  for (const { cause, packets } of items) sums.set(cause, (sums.get(cause) ?? 0n) + BigInt(packets));
  return [...sums].map(([cause, packets]) => ({ cause, packets })).filter(({ packets }) => packets > 0n);
}

function outcomeOf(
  scenario: Scenario,
  window: Window,
  read: {
    readonly explained: Explanation;
    /** Of the port that a loss further up may have hit. */
    readonly story: Explanation | undefined;
    readonly detail: LedgerDetail;
    readonly stallMs: bigint;
  },
): Outcome {
  const { explained, story, detail, stallMs } = read;
  const further = story?.furtherUp.find(({ uplink }) => uplink === scenario.expected?.port)?.packets;
  const lossy = detail.joints.filter(({ lost }) => lost !== '0');
  const { refused, ...lost } = lostBy(scenario, window);
  const found: Found = {
    lost: { ...lost, ledger: lossy.reduce((sum, { lost: packets }) => sum + BigInt(packets), 0n) },
    causes: causesOf(explained),
    owners: Object.fromEntries(owners.map((owner) => [owner, BigInt(explained.packets[owner])])) as Found['owners'],
    joints: lossy.map(({ joint }) => joint),
    shared: {
      told: further === undefined ? undefined : BigInt(further),
      causes: story === undefined ? [] : causesOf(story),
    },
    untold: explained.paths
      .filter(({ direction }) => direction === scenario.expected?.direction)
      .reduce((sum, { pending, unexplained }) => sum + BigInt(pending) + BigInt(unexplained), 0n),
    residual: BigInt(detail.entry.residual),
    ledgerState: detail.entry.state,
    bound: BigInt(detail.entry.bound),
    darkSeconds: {
      path: explained.paths.find(({ direction }) => direction === scenario.dark?.direction)?.slots.unknown ?? 0,
      ledger: detail.entry.slots.unknown,
    },
    refused,
    stallMs,
  };
  return {
    scenario,
    ...found,
    stories: explained.items.map(({ from, to, packets, told: judged }) => {
      const missing = judged === null || judged.missing.length === 0 ? '' : `; missing: ${judged.missing.join(' ')}`;
      return `${from} to ${to} ${packets}: ${judged?.story ?? 'nobody has said'}${missing}`;
    }),
    evidence: [...new Set(explained.items.map(({ evidence }) => evidence))].filter((hash) => hash !== ''),
    wrong: wrongOf(scenario, found),
  };
}
