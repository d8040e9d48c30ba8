import type { PortSeries, PortSums } from '../../server/api/schema/ports.ts';
import type { KafkaBroker } from '../lab/kafka/broker.ts';
import { startProduct } from '../lab/product.ts';
import { accountsOf, type Counted, countAll, isExact, printAccounts } from './datapath-accounts.ts';
import type { BurstProof } from './datapath-burst.ts';
import { iso, nextBoundary, reached } from './product-api.ts';

export type Product = Awaited<ReturnType<typeof startProduct>>;

export interface FaultProof extends Pick<BurstProof, 'lab' | 'api' | 'write'> {
  readonly product: Product;
  readonly httpPort: number;
  readonly signal: AbortSignal;
}

const pps = 20_000;
const loadSeconds = 5;
/** Counters of the ports of an absent guest come from the database, every 5 s, on versions that would be harmed otherwise. */
const settleSeconds = 17;

const brokerAwaySeconds = 120;

interface Load {
  readonly from: number;
  readonly before: Counted;
}

/** Two ways under load: wire to vhu2, vhu3 to vhu4. */
async function begin({ lab }: FaultProof): Promise<Load> {
  await lab.settle();
  const before = await countAll(lab);
  const from = await nextBoundary();
  await startLoad({ lab });
  await reached(from + loadSeconds);
  return { from, before };
}

async function startLoad({ lab }: Pick<FaultProof, 'lab'>): Promise<void> {
  await lab.wire?.start({ pps, burst: 32, destination: lab.guest('vhu2').address, flows: 8 });
  await lab.guest('vhu3').start({ pps, burst: 32, destination: lab.guest('vhu4').address });
}

async function end({ lab }: FaultProof): Promise<{ readonly to: number; readonly after: Counted }> {
  await lab.wire?.stop();
  await lab.guest('vhu3').stop();
  await lab.settle();
  const after = await countAll(lab);
  const to = (await nextBoundary()) + settleSeconds;
  await reached(to);
  return { to, after };
}

/** Seconds whose packets no load of ours can have sent. */
async function giantSeconds({ api }: FaultProof, port: string, from: number, to: number): Promise<number> {
  const series = await api.get<PortSeries>(
    `ports/${api.host}/${encodeURIComponent(port)}/series?from=${iso(from)}&to=${iso(to)}&step=1`,
  );
  const values = series.directions.flatMap(({ packets, drops }) => [...packets, ...drops]);
  return values.filter((value) => value !== null && (BigInt(value) < 0n || BigInt(value) > BigInt(3 * pps))).length;
}

function slotsOf(sums: readonly PortSums[], port: string): string {
  const rows = sums.filter((row) => row.port === port);
  const { observed = 0, bridged = 0, unknown = 0 } = rows[0]?.slots ?? {};
  return `${port}: observed ${observed}, bridged ${bridged}, unknown ${unknown}`;
}

/** Unknown, of both directions the worse. */
function unknownOf(sums: readonly PortSums[], port: string): number {
  return Math.max(...sums.filter((row) => row.port === port).map(({ slots }) => slots.unknown));
}

/** kill -9 of a guest under load, and its return: only its own port loses what its rings counted. */
async function proveGuestKill(proof: FaultProof): Promise<number> {
  const { lab, api, write } = proof;
  const load = await begin(proof);
  await lab.killGuest('vhu2');
  await reached((await nextBoundary()) + loadSeconds);
  await lab.startGuest('vhu2');
  await reached((await nextBoundary()) + loadSeconds);
  const { to, after } = await end(proof);
  const sums = await api.ports(load.from, to);
  const lived = accountsOf(load.before, after, sums).filter(({ port }) => port !== 'vhu2');
  write(`\nkill -9 of the guest behind vhu2 under load, back after ${loadSeconds} s\n`);
  printAccounts(lived, write);
  for (const port of ['vhu2', 'ovs:uplink0', 'vhu3', 'vhu4']) write(`${slotsOf(sums, port)}\n`);
  const received = after.ends.get('vhu2')?.received ?? 0n;
  const told = BigInt(sums.find((row) => row.port === 'vhu2' && row.direction === 'toGuest')?.packets ?? -1);
  write(`vhu2 received ${received} in its second life; the API knows of ${told} in both\n`);
  let wrong = lived.filter((account) => !isExact(account)).length;
  wrong += ['ovs:uplink0', 'vhu3', 'vhu4'].filter((port) => unknownOf(sums, port) > 0).length;
  wrong += unknownOf(sums, 'vhu2') > 0 ? 0 : 1;
  for (const port of ['vhu2', 'vhu4', 'ovs:uplink0']) wrong += await giantSeconds(proof, port, load.from, to);
  return wrong;
}

/** kill -9 of the product under load, back some seconds later: everything is bridged, nothing is unknown. */
async function proveCollectorKill(
  proof: FaultProof,
  broker: KafkaBroker | undefined,
): Promise<{ wrong: number; product: Product }> {
  const { lab, api, write, signal, httpPort } = proof;
  const load = await begin(proof);
  await proof.product.process.kill();
  await reached((await nextBoundary()) + loadSeconds);
  const product = await startProduct(lab, lab.state, httpPort, signal, broker?.plain);
  await reached((await nextBoundary()) + loadSeconds);
  const { to, after } = await end(proof);
  const sums = await api.ports(load.from, to);
  const accounts = accountsOf(load.before, after, sums);
  write(`\nkill -9 of the product under load\n`);
  printAccounts(accounts, write);
  const ports = ['ovs:uplink0', 'vhu2', 'vhu3', 'vhu4'];
  for (const port of ports) write(`${slotsOf(sums, port)}\n`);
  let wrong = accounts.filter((account) => !isExact(account)).length;
  wrong += ports.filter((port) => unknownOf(sums, port) > 0).length;
  wrong += sums.some(({ port, slots }) => port === 'vhu4' && slots.bridged > 0) ? 0 : 1;
  for (const port of ports) wrong += await giantSeconds(proof, port, load.from, to);
  return { wrong, product };
}

/**
 * The broker between collector and server is stopped for two minutes under load, comes back, and is killed with -9 some
 * seconds later: the sums are those of the generators, and no second is unknown or bridged.
 */
export async function proveBrokerAway(proof: FaultProof, broker: KafkaBroker): Promise<number> {
  const { api, write } = proof;
  const load = await begin(proof);
  await broker.halt();
  write(`\nthe broker is stopped for ${brokerAwaySeconds} s under load\n`);
  await reached((await nextBoundary()) + brokerAwaySeconds);
  await broker.restart();
  await reached((await nextBoundary()) + loadSeconds);
  await broker.kill();
  write('the broker is killed with -9 under load\n');
  await reached((await nextBoundary()) + loadSeconds);
  await broker.restart();
  await reached((await nextBoundary()) + loadSeconds);
  const { to, after } = await end(proof);
  const sums = await api.ports(load.from, to);
  const accounts = accountsOf(load.before, after, sums);
  printAccounts(accounts, write);
  const ports = ['ovs:uplink0', 'vhu2', 'vhu3', 'vhu4'];
  for (const port of ports) write(`${slotsOf(sums, port)}\n`);
  let wrong = accounts.filter((account) => !isExact(account)).length;
  wrong += ports.filter((port) => unknownOf(sums, port) > 0).length;
  for (const port of ports) wrong += await giantSeconds(proof, port, load.from, to);
  return wrong;
}

/** kill -9 of ovs-vswitchd under load: its counters died, and are unknown exactly there; the guests' own lived on. */
async function proveSwitchKill(proof: FaultProof): Promise<number> {
  const { lab, api, write } = proof;
  const load = await begin(proof);
  await lab.ovs.killSwitch();
  await reached((await nextBoundary()) + 2);
  await lab.ovs.startAgain();
  const { to, after } = await end(proof);
  const sums = await api.ports(load.from, to);
  write(`\nkill -9 of ovs-vswitchd under load\n`);
  for (const port of ['ovs:uplink0', 'vhu3', 'vhu4']) write(`${slotsOf(sums, port)}\n`);
  let wrong = ['ovs:uplink0', 'vhu3', 'vhu4'].filter((port) => unknownOf(sums, port) === 0).length;
  for (const [name, counts] of after.ends) {
    if (name === 'ovs:uplink0') continue;
    const sent = counts.sent - (load.before.ends.get(name)?.sent ?? 0n);
    const own = sums.find((row) => row.port.endsWith(`-${name}:net_virtio_user0`) && row.direction === 'tx');
    write(`${own?.port} tx: the guest sent ${sent}, the API has ${own?.packets}, unknown ${own?.slots.unknown}\n`);
    if (BigInt(own?.packets ?? -1) !== sent || own?.slots.unknown !== 0) wrong++;
  }
  for (const port of ['vhu4', 'ovs:uplink0']) wrong += await giantSeconds(proof, port, load.from, to);
  return wrong;
}

/** Each fault under load, one after another; the number of what is wrong, and the product that runs at the end. */
export async function proveFaults(
  proof: FaultProof,
  broker?: KafkaBroker,
): Promise<{ wrong: number; product: Product }> {
  let wrong = await proveGuestKill(proof);
  const collector = await proveCollectorKill(proof, broker);
  wrong += collector.wrong;
  wrong += await proveSwitchKill({ ...proof, product: collector.product });
  return { wrong, product: collector.product };
}
