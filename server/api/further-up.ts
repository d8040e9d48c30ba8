import type { SharedLoss } from '../seal/shared-loss.ts';
import { Uplinks } from '../seal/uplinks.ts';
import { guestTraffic } from '../store/queries/guest-traffic.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import type { FurtherUp } from './schema/explain.ts';
import type { RequestedWindow } from './window.ts';

interface FurtherUpRequest {
  readonly host: string;
  readonly port: string;
  readonly window: RequestedWindow;
}

type Second = RowsOf<typeof guestTraffic>[number];

/** Of longer windows there is no estimate. */
const estimateSecondsMax = 86_400;

/**
 * What uplinks lost before anybody knew whose it was, and may have been a port's: from none of it to all. By rate, each row of
 * an uplink is shared as the traffic of its seconds was; an estimate, which no verdict uses.
 *
 * Example: 10 lost in a second in which 300 of the 1,000 packets to guests were the port's: 0 to 10, by rate 3.
 */
export async function readFurtherUp(store: QueryContext, request: FurtherUpRequest): Promise<FurtherUp[]> {
  const { host, port, window } = request;
  const losses = await new Uplinks().lossOf(store, { host, port, direction: 'toGuest' }, window);
  if (losses.length === 0) return [];
  const isShort = window.to - window.from <= estimateSecondsMax;
  const traffic = isShort ? await runQuery(store, guestTraffic, { host, port, ...window }) : [];
  const seconds = new Map(traffic.map((second) => [second.slot, second]));
  const byUplink = Map.groupBy(losses, ({ uplink }) => uplink.slice(host.length + 1));
  return [...byUplink].map(([uplink, own]) => {
    const sure = own.filter(({ isEach }) => !isEach);
    const packets = sure.reduce((sum, loss) => sum + loss.packets, 0n);
    const unsure = own
      .filter(({ isEach }) => isEach)
      .reduce((sum, { slot, slots }) => sum + inside(slot, slots, window), 0);
    const shares = sure.map((loss) => shareOf(loss, seconds));
    const isKnown = unsure === 0 && shares.every((share) => share !== undefined);
    const estimate = isKnown ? shares.reduce<bigint>((sum, share) => sum + (share ?? 0n), 0n) : null;
    return {
      uplink,
      packets: String(packets),
      unknownSeconds: unsure,
      estimate: estimate === null ? null : String(estimate),
    };
  });
}

function inside(slot: number, slots: number, { from, to }: RequestedWindow): number {
  return Math.max(0, Math.min(slot + slots, to) - Math.max(slot, from));
}

/** Undefined: the traffic of one of its seconds is not known, or there was none to share it by. */
function shareOf({ slot, slots, packets }: SharedLoss, seconds: ReadonlyMap<number, Second>): bigint | undefined {
  let [own, everybody] = [0n, 0n];
  for (let at = slot; at < slot + slots; at++) {
    const second = seconds.get(at);
    if (second === undefined || second.unsure !== '0' || second.told === '0') return undefined;
    own += BigInt(second.own);
    everybody += BigInt(second.everybody);
  }
  return everybody === 0n ? undefined : (packets * own) / everybody;
}
