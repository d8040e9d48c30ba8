import { knownSeconds, portStates } from '../store/queries/absence.ts';
import { datapathPorts } from '../store/queries/datapath-ports.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';
import type { Absence, Evidence } from './evidence.ts';

/** More ports without counters than this are not named. */
const namedMax = 64;

/** What is known of guests that were away around a row: of its own port, or of all ports where it is a datapath's. */
export async function absenceAround(
  store: QueryContext,
  { host, port, place, slot, slots }: Pick<Evidence, 'host' | 'port' | 'place' | 'slot' | 'slots'>,
): Promise<Absence> {
  if (place === 'beside') {
    const window = { host, from: slot, to: slot + slots };
    return { admin: [], link: [], ports: await absentPorts(store, port, window) };
  }
  const around = { host, port, from: Math.max(0, slot - 1), to: slot + slots + 1 };
  const states = new Map<string, readonly string[]>();
  for (const { field, before, during } of await runQuery(store, portStates, around)) {
    // Told for the first time in the row: what held when it began is not known.
    if (before === '') continue;
    states.set(field, [...new Set([before, ...during.split(' ')])].filter((state) => state !== '').sort());
  }
  return { admin: states.get('admin') ?? [], link: states.get('link') ?? [], ports: [] };
}

async function absentPorts(
  store: QueryContext,
  datapath: string,
  window: { readonly host: string; readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const ports = await runQuery(store, datapathPorts, { host: window.host, datapath });
  const known = new Map((await runQuery(store, knownSeconds, window)).map(({ port, seconds }) => [port, seconds]));
  const length = window.to - window.from;
  return ports
    .filter(({ port, type }) => type.startsWith('dpdkvhostuser') && (known.get(port) ?? 0) < length)
    .map(({ port }) => port)
    .slice(0, namedMax);
}
