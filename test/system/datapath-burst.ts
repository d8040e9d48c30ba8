import type { PortPage } from '../../server/api/schema/ports.ts';
import type { Lab } from '../lab/lab.ts';
import { accountsOf, countAll, isExact, printAccounts } from './datapath-accounts.ts';
import { iso, nextBoundary, type ProductApi, reached } from './product-api.ts';

export interface BurstProof {
  readonly lab: Lab;
  readonly api: ProductApi;
  readonly packets: number;
  readonly pps: number;
  readonly write: (line: string) => void;
}

const datapath = 'netdev@ovs-netdev';
const pageDeadlineMs = 30_000;

/** Waits until the API lists every port of the lab in both directions; gives how long that took, ms. */
async function untilListed({ lab, api }: Pick<BurstProof, 'lab' | 'api'>): Promise<number> {
  const started = Date.now();
  const wanted = [
    ...['ovs:uplink0', 'ovs:br0', 'ovs:ovs-netdev'].flatMap((port) => [`${port} rx`, `${port} tx`]),
    ...lab.guests.flatMap(({ name }) => [`${name} toGuest`, `${name} fromGuest`]),
  ];
  await api.until<PortPage>(
    `ports?host=${api.host}&limit=1000`,
    ({ items }) => wanted.every((path) => items.some(({ port, direction }) => `${port} ${direction}` === path)),
    pageDeadlineMs,
  );
  return Date.now() - started;
}

/** Causes are told over intervals of their own, up to 15 s after a stillness: a window holds them whole with so much before. */
const stillBeforeSeconds = 17;
const stillAfterSeconds = 7;

/** Waits until the causes of drops have been told once: from then on each interval has a beginning. */
async function untilCausesTold({ api }: Pick<BurstProof, 'api'>): Promise<void> {
  await api.until<{ items: readonly { name: string }[] }>(
    `ports/${api.host}/${encodeURIComponent(datapath)}/xstats`,
    ({ items }) => items.some(({ name }) => name === 'ovsdb.statistics'),
    60_000,
  );
}

/** Exactly `packets` on each of three ways at once, one of them to a reader that is too slow; the number of wrong lines. */
export async function proveBurst(proof: BurstProof): Promise<number> {
  const { lab, api, packets, pps, write } = proof;
  write(`all ports are listed after ${await untilListed(proof)} ms\n`);
  await untilCausesTold(proof);
  await lab.settle();
  const before = await countAll(lab);
  const from = await nextBoundary();
  await reached(from + stillBeforeSeconds);
  const slow = lab.guest('vhu4');
  await slow.reader('slow', { pps: Math.floor(pps / 2) });
  const order = { pps, count: packets, burst: 32 };
  await Promise.all([
    lab.guest('vhu1').start({ ...order, destination: lab.wire?.address ?? '', flows: 8 }),
    lab.guest('vhu3').start({ ...order, destination: slow.address }),
    lab.wire?.start({ ...order, destination: lab.guest('vhu2').address, flows: 8 }),
  ]);
  await lab.settle(600_000);
  await slow.reader('fast');
  await lab.settle();
  const after = await countAll(lab);
  const to = (await nextBoundary()) + stillAfterSeconds;
  await reached(to);
  const sums = await api.ports(from, to);
  const accounts = accountsOf(before, after, sums);
  write(`\n${packets} packets on each of three ways at ${pps} a second; vhu4 reads half of that\n`);
  printAccounts(accounts, write);
  let wrong = accounts.filter((account) => !isExact(account)).length;
  wrong += sums.filter(({ port, slots }) => /^(vhu\d|ovs:uplink0)$/.test(port) && slots.unknown > 0).length;
  return wrong + (await proveLedger(proof, from, to));
}

/** The ledger of the window, and of each second; the number of what is wrong. */
async function proveLedger({ api, write }: BurstProof, from: number, to: number): Promise<number> {
  // Causes, and what happened between ports, are told some seconds later; by then nothing has moved for as long.
  const entry = await api.ledger(from, to, to - 2);
  write(
    `\nledger ${iso(from)} to ${iso(to)}: in ${entry.in} = out ${entry.out} + at ports ${entry.portDrops} + inside ` +
      `${entry.insideDrops.map(({ cause, packets }) => `${cause} ${packets}`).join(', ') || 0} + consumed ${entry.consumed} - copies ` +
      `${entry.copies} + residual ${entry.residual} (bound ${entry.bound}): ${entry.state}\n`,
  );
  const { series, ports } = await api.ledgerDetail(datapath, from, to, (detail) =>
    detail.ports.every(({ pending }) => pending === '0'),
  );
  const beyond = series.at.filter((_, i) => {
    const [residual, bound] = [BigInt(series.residualRaw[i] ?? 0), BigInt(series.bound[i] ?? 0)];
    return residual > bound || -residual > bound;
  });
  const largest = series.residualRaw.reduce((most, value) => {
    const size = BigInt(value ?? 0) < 0n ? -BigInt(value ?? 0) : BigInt(value ?? 0);
    return size > most ? size : most;
  }, 0n);
  write(
    `seconds: ${series.at.length}, largest residual of one ${largest}, beyond their bound ${beyond.length}` +
      `${beyond.length === 0 ? '' : ` (${beyond.map(iso).join(', ')})`}\n`,
  );
  for (const { port, direction, drops, causes, pending, unexplained } of ports) {
    if (drops === '0') continue;
    const told = causes.map(({ cause, packets }) => `${cause} ${packets}`).join(', ');
    write(
      `${port} ${direction}: drops ${drops}: ${told || 'no cause'}; pending ${pending}, unexplained ${unexplained}\n`,
    );
  }
  const causeless = ports.filter(({ pending, unexplained }) => pending !== '0' || unexplained !== '0').length;
  return (entry.residual === '0' && entry.state === 'balanced' ? 0 : 1) + beyond.length + causeless;
}
