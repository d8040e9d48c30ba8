import type { PortSums } from '../../server/api/schema/ports.ts';
import type { DatapathPort } from '../lab/datapath-counts.ts';
import type { End } from '../lab/end.ts';
import type { Lab } from '../lab/lab.ts';

/** One line of the comparison: the same packets as three parties count them. */
export interface Account {
  readonly port: string;
  readonly what: string;
  /** By the generators; undefined: they cannot see it. */
  readonly generator: bigint | undefined;
  /** Difference of `dpctl/show -s`, as the lab reads it. */
  readonly datapath: bigint;
  /** Sum of the API over the window. */
  readonly api: bigint | undefined;
}

/** Everything that is counted at one moment with traffic stopped. */
export interface Counted {
  readonly ends: ReadonlyMap<string, Awaited<ReturnType<End['sums']>>>;
  readonly datapath: ReadonlyMap<string, DatapathPort>;
}

const wiredPorts = new Map([
  ['wire', 'ovs:uplink0'],
  ['card', 'ovs:nic0'],
]);

export async function countAll(lab: Lab): Promise<Counted> {
  const ends = [lab.wire, lab.card, ...lab.guests].filter((end) => end !== undefined);
  const counts = await Promise.all(ends.map(async (end) => [portOf(end), await end.sums()] as const));
  return { ends: new Map(counts), datapath: await lab.ovs.counts() };
}

/** The port, as rows name it, at whose other end a generator is. */
export function portOf({ name }: Pick<End, 'name'>): string {
  return wiredPorts.get(name) ?? name;
}

/** The accounts of every port between two moments; `sums` is what the API says of the slots between. */
export function accountsOf(before: Counted, after: Counted, sums: readonly PortSums[]): Account[] {
  return [...after.ends].flatMap(([port, now]) => {
    const then = before.ends.get(port);
    const own = port.replace(/^ovs:/, '');
    const [shown, shownThen] = [after.datapath.get(own), before.datapath.get(own)];
    if (then === undefined || shown === undefined || shownThen === undefined) return [];
    const difference = (key: 'rxPackets' | 'txPackets' | 'txDropped') => (shown[key] ?? 0n) - (shownThen[key] ?? 0n);
    const [incoming, outgoing] = port.startsWith('ovs:') ? ['rx', 'tx'] : ['fromGuest', 'toGuest'];
    const told = (direction: string | undefined) =>
      sums.find((row) => row.port === port && row.direction === direction);
    const count = (text: string | undefined) => (text === undefined ? undefined : BigInt(text));
    return [
      {
        port,
        what: 'sent',
        generator: now.sent - then.sent,
        datapath: difference('rxPackets'),
        api: count(told(incoming)?.packets),
      },
      {
        port,
        what: 'received',
        generator: now.received - then.received,
        datapath: difference('txPackets'),
        api: count(told(outgoing)?.delivered),
      },
      {
        port,
        what: 'lost before it',
        generator: undefined,
        datapath: difference('txDropped'),
        api: count(told(outgoing)?.drops),
      },
    ];
  });
}

export function isExact({ generator, datapath, api }: Account): boolean {
  return api === datapath && (generator === undefined || generator === datapath);
}

export function printAccounts(accounts: readonly Account[], write: (line: string) => void): void {
  write('port      what             generator   dpctl/show -s          API   differences\n');
  for (const account of accounts) {
    const { port, what, generator, datapath, api } = account;
    const differences = [generator === undefined ? '-' : String(generator - datapath), String((api ?? -1n) - datapath)];
    const numbers = [generator ?? '-', datapath, api ?? '-'].map((value) => String(value).padStart(13)).join(' ');
    write(`${port.padEnd(9)} ${what.padEnd(15)} ${numbers}   ${differences.join(' and ')}\n`);
  }
}
