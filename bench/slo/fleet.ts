import { FastBurn } from '../../server/judge/fast-burn.ts';
import type { PortRow } from '../../server/live/host-live.ts';
import { PathWindow } from '../../server/live/path-window.ts';
import { delivery } from '../../server/sli/packet-delivery.ts';
import { type BurnSums, burnRule, burnTierOf } from '../../server/slo/burn.ts';
import type { Objective } from '../../server/slo/objective.ts';
import { monthObjective } from './month.ts';

/** 10,000 objectives, half of each kind, two paths each, on hosts of 50 paths. */
export const objectives = 10_000;
const pathsEach = 2;
export const paths = objectives * pathsEach;
const portsOfHost = 25;
export const hosts = paths / pathsEach / portsOfHost;
const begin = 1_793_494_800;
const rules = [burnRule('T0'), burnRule('T1')] as const;
const target = { num: 9999n, den: 10_000n };

const nameOf = (i: number) => `o${i}`;

/** The second `s` of one host, as rows off the bus; now and then a port loses some. */
export function rowsOf(host: number, s: number): PortRow[] {
  const out: PortRow[] = [];
  for (let port = 0; port < portsOfHost; port++) {
    for (const direction of ['toGuest', 'fromGuest'] as const) {
      // One host in 50 loses half; elsewhere a port loses some now and then.
      const lost = host % 50 === 3 ? 60_000n : (host * 7 + port * 13 + s) % 97 === 0 ? 40n : 0n;
      const packetsInc = BigInt(100_000 + ((host * 131 + port * 17 + s * 7919) % 50_000));
      const time = { slot: begin + s, slots: 1, state: 'observed', suspect: 0, epoch: 1n } as const;
      const read = { intervalNs: 1_000_000_000n, readSpanNs: 20_000n, lateNs: 0n, countedIn: '' };
      const counted = { packets: 0n, packetsInc, bytes: 0n, bytesInc: 0n };
      const drops = { dropsOutside: 0n, dropsOutsideInc: lost, dropsInside: 0n, dropsInsideInc: 0n };
      out.push({ host: `h${host}`, port: `p${port}`, direction, ...time, ...read, ...counted, ...drops });
    }
  }
  return out;
}

export interface Subject {
  take(host: number, s: number, rows: readonly PortRow[]): void;
  /** Tiers of all objectives at the end of second `s`; how many fire. */
  judge(s: number): number;
}

/** The ring of this engine. */
export function incremental(): Subject {
  const burn = new FastBurn();
  for (let i = 0; i < objectives; i++) {
    const of = monthObjective(i % 2 === 0 ? 'packetDelivery' : 'availability');
    const objective: Objective = { ...of, name: nameOf(i), ports: ['p1'] };
    const placement = { host: `h${Math.floor(i / portsOfHost)}`, port: `p${i % portsOfHost}`, from: null, to: null };
    burn.set({ objective, ports: [{ name: 'p1', placements: [placement] }], exclusions: [] });
  }
  return {
    take: (host, s, ports) =>
      burn.take({ host: `h${host}`, slot: begin + s, rows: { ports, drops: [] } }, begin + s + 1),
    judge(s) {
      let firing = 0;
      for (let i = 0; i < objectives; i++)
        for (const { state } of burn.tiers(nameOf(i), begin + s + 1)) if (state === 'firing') firing++;
      return firing;
    },
  };
}

/**
 * What rule evaluation at fixed intervals does: keeps the last rows of each path, and adds up each window of each objective
 * anew each second. Slots of the service are not even told apart here, only packets: the least it can do.
 */
export function anew(): Subject {
  const windows = Array.from({ length: paths }, () => new PathWindow(300));
  const at = (host: number, row: number) => windows[host * portsOfHost * pathsEach + row] as PathWindow;
  return {
    take(host, _s, rows) {
      for (const [i, row] of rows.entries()) {
        const { slot, slots, state, packetsInc, bytesInc, dropsOutsideInc, dropsInsideInc } = row;
        const counted = {
          packets: packetsInc,
          bytes: bytesInc,
          dropsOutside: dropsOutsideInc,
          dropsInside: dropsInsideInc,
        };
        at(host, i).add({ slot, slots, state, suspect: false, ...counted });
      }
    },
    judge(s) {
      const until = begin + s + 1;
      let firing = 0;
      for (let i = 0; i < objectives; i++) {
        const mine = windows.slice(i * pathsEach, (i + 1) * pathsEach);
        const sums = (seconds: number): BurnSums => {
          const out = { known: seconds, bad: 0n, total: 0n };
          for (const window of mine) {
            const told = window.sums(until - seconds, until);
            const { offered, drops } = delivery({ direction: 'toGuest', dropsBeside: 0n, ...told });
            out.bad += drops;
            out.total += offered;
            out.known = Math.min(out.known, told.observed + told.bridged);
          }
          return out;
        };
        for (const rule of rules)
          if (burnTierOf(rule, sums(rule.long), sums(rule.short), target).state === 'firing') firing++;
      }
      return firing;
    },
  };
}
