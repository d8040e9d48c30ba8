import type { Explanation } from '../../../server/api/schema/explain.ts';
import type { LedgerDetail } from '../../../server/api/schema/ledger.ts';
import { type Owner, owners } from '../../../server/attribution/evidence.ts';
import type { Lab } from '../../lab/lab.ts';
import { countAll } from '../datapath-accounts.ts';
import { iso, nextBoundary, type ProductApi, reached } from '../product-api.ts';
import type { Scenario } from './scenarios.ts';

/** What a scenario came to, beside what was expected of it. */
export interface Outcome {
  readonly scenario: Scenario;
  /** Lost packets: by sequence numbers and receipts of the generators, by the switch, by our ledger. */
  readonly lost: {
    readonly generator: bigint | undefined;
    readonly datapath: bigint | undefined;
    readonly ledger: bigint;
  };
  readonly causes: readonly { readonly cause: string; readonly packets: bigint }[];
  readonly owners: Readonly<Record<Owner, bigint>>;
  readonly joint: string;
  readonly residual: bigint;
  /** Each row of drops: whose, by which rule, and what was missing. */
  readonly stories: readonly string[];
  /** Hashes of the readings that decided. */
  readonly evidence: readonly string[];
  /** What is not as it should be; empty: everything is. */
  readonly wrong: readonly string[];
}

const datapath = 'netdev@ovs-netdev';
const load = { pps: 20_000, burst: 32 } as const;
/** Causes and the counters of absent guests are told every 5 s; then owners follow. */
const settleSeconds = 17;
const leadSeconds = 12;
const ownersMs = 90_000;

export async function runScenario(lab: Lab, api: ProductApi, scenario: Scenario): Promise<Outcome> {
  await lab.settle();
  const restore = await scenario.prepare?.(lab);
  let from: number;
  let before: Awaited<ReturnType<typeof countAll>>;
  try {
    await lab.settle();
    from = await nextBoundary();
    before = await countAll(lab);
    const destination = lab.guest('vhu4').address;
    await lab.guest('vhu3').start({ ...load, destination });
    // A port without traffic is told nothing of: its causes would be told over all of that time at once.
    await reached(from + leadSeconds);
    await scenario.fault(lab);
    await lab.guest('vhu3').stop();
    await lab.settle();
  } finally {
    await lab.guest('vhu3').stop();
  }
  const after = await countAll(lab);
  const to = (await nextBoundary()) + settleSeconds;
  await reached(to);
  await restore?.();
  const explained = await told(api, scenario, from, to);
  const detail = await api.ledgerDetail(
    datapath,
    from,
    to,
    ({ entry }) => Date.parse(entry.settledTo ?? '1970-01-01T00:00:00Z') >= to * 1000 - 5_000,
  );
  return outcomeOf(scenario, { before, after }, explained, detail);
}

/** The story of the port, once every row of it has been given to somebody or to nobody. */
async function told(api: ProductApi, { expected }: Scenario, from: number, to: number): Promise<Explanation> {
  const port = encodeURIComponent(expected?.port ?? 'vhu4');
  return api.until<Explanation>(
    `explain?host=${api.host}&port=${port}&from=${iso(from)}&to=${iso(to)}`,
    ({ items }) => items.every((row) => row.told !== null) && (items.length > 0 || expected === null),
    ownersMs,
  );
}

type Counts = Awaited<ReturnType<typeof countAll>>;

function lostBy(scenario: Scenario, { before, after }: { readonly before: Counts; readonly after: Counts }) {
  const difference = (port: string, key: 'sent' | 'received') =>
    (after.ends.get(port)?.[key] ?? 0n) - (before.ends.get(port)?.[key] ?? 0n);
  const { port = 'vhu4', direction = 'toGuest' } = scenario.expected ?? {};
  const key = direction === 'toGuest' ? 'txDropped' : 'rxDropped';
  const [now, then] = [after.datapath.get(port)?.[key], before.datapath.get(port)?.[key]];
  return {
    generator: scenario.isSeenByGenerators ? difference('vhu3', 'sent') - difference('vhu4', 'received') : undefined,
    datapath: scenario.isSeenByDatapath && now !== undefined && then !== undefined ? now - then : undefined,
  };
}

function outcomeOf(
  scenario: Scenario,
  counts: { readonly before: Counts; readonly after: Counts },
  explained: Explanation,
  detail: LedgerDetail,
): Outcome {
  const sums = new Map<string, bigint>();
  for (const { cause, packets } of explained.items) sums.set(cause, (sums.get(cause) ?? 0n) + BigInt(packets));
  const lossy = detail.joints.filter(({ lost }) => lost !== '0');
  const found = {
    lost: { ...lostBy(scenario, counts), ledger: lossy.reduce((sum, { lost }) => sum + BigInt(lost), 0n) },
    causes: [...sums].map(([cause, packets]) => ({ cause, packets })).filter(({ packets }) => packets > 0n),
    owners: Object.fromEntries(owners.map((owner) => [owner, BigInt(explained.packets[owner])])) as Record<
      Owner,
      bigint
    >,
    joint: lossy.map(({ joint }) => joint).join(' ') || '-',
    residual: BigInt(detail.entry.residual),
    stories: explained.items.map(({ from, to, packets, told }) => {
      const missing = told === null || told.missing.length === 0 ? '' : `; missing: ${told.missing.join(' ')}`;
      return `${from} to ${to} ${packets}: ${told?.story ?? 'nobody has said'}${missing}`;
    }),
    evidence: [...new Set(explained.items.map(({ evidence }) => evidence))].filter((hash) => hash !== ''),
  };
  return { scenario, ...found, wrong: wrongOf(scenario, found) };
}

function wrongOf({ expected }: Scenario, found: Omit<Outcome, 'scenario' | 'wrong'>): string[] {
  const { lost, causes, joint, residual } = found;
  const wrong: string[] = [];
  if (residual !== 0n) wrong.push(`residual ${residual}`);
  for (const party of ['generator', 'datapath'] as const) {
    if (lost[party] !== undefined && lost[party] !== lost.ledger) wrong.push(`${party} lost ${lost[party]}`);
  }
  if (expected === null) {
    if (lost.ledger > 0n || causes.length > 0) wrong.push('nothing should be lost');
    return wrong;
  }
  const packets = causes.reduce((sum, cause) => sum + cause.packets, 0n);
  if (packets === 0n || packets !== lost.ledger) wrong.push(`causes tell ${packets}`);
  if (causes.some(({ cause }) => cause !== expected.cause)) wrong.push(`cause is not ${expected.cause} alone`);
  if (joint !== expected.joint) wrong.push(`joint is not ${expected.joint}`);
  for (const owner of owners) {
    if (owner !== 'unknown' && owner !== expected.owner && found.owners[owner] > 0n) wrong.push(`${owner} is charged`);
  }
  if (found.owners.unknown * 100n > packets * BigInt(expected.unknownPercentMax)) wrong.push('too much is unknown');
  return wrong;
}
