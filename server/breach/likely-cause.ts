import type { LikelyCause } from '../api/schema/breaches.ts';

/** What was lost on a port of an objective meanwhile, by cause. */
export interface DropsBeside {
  readonly host: string;
  readonly port: string;
  readonly cause: string;
  readonly packets: bigint;
  /** Of them, what rules gave to somebody; the rest is nobody's yet. */
  readonly said: Said;
}

export interface Said {
  readonly provider: bigint;
  readonly tenant: bigint;
  readonly contract: bigint;
}

/** How long a thread of a host waited for a CPU meanwhile. */
export interface WaitBeside {
  readonly host: string;
  /** vcpu, vhost, pmd and the like. */
  readonly role: string;
  readonly name: string;
  readonly owner: string;
  readonly runDelayNs: bigint;
}

/** The largest share of its cycles that a polling thread told meanwhile. */
export interface PmdBeside {
  readonly host: string;
  readonly datapath: string;
  readonly core: number;
  readonly busyPpm: bigint;
}

export interface Beside {
  readonly seconds: number;
  readonly drops: readonly DropsBeside[];
  readonly waits: readonly WaitBeside[];
  readonly pmds: readonly PmdBeside[];
}

/** A thread that waited for less than this share of the time does not stand out. */
const waitPpmMin = 10_000n;
/** A polling thread below this share has room. */
const busyPpmMin = 950_000n;
const causesMax = 10;
/** Threads that packets of guests pass. */
const roles = new Set(['vcpu', 'vhost', 'pmd']);

/**
 * What ran beside a breach, the likeliest first: drops by their number, then threads that waited, then threads that were
 * full. It says what was there at the time, not what made it: whose fault a loss was is another question.
 *
 * Example, 300 s: 900 packets lost to vhost_ring_full, and a vCPU that waited 6 s of them: first the drops, then the wait.
 */
export function likelyCauses({ seconds, drops, waits, pmds }: Beside): LikelyCause[] {
  const causes = [...lost(drops), ...waited(waits, seconds), ...full(pmds)].slice(0, causesMax);
  if (causes.length > 0) return causes;
  return [{ cause: 'unknown', host: '', port: '', packets: null, detail: 'Nothing stood out beside it.' }];
}

function lost(drops: readonly DropsBeside[]): LikelyCause[] {
  return drops
    .filter(({ packets }) => packets > 0n)
    .sort((a, b) => compare(b.packets, a.packets) || (a.cause < b.cause ? -1 : 1))
    .map(({ host, port, cause, packets, said }) => {
      return {
        cause,
        host,
        port,
        packets: String(packets),
        detail: `${packets} packets were lost to it beside the breach.`,
        owners: ownersOf(packets, said),
      };
    });
}

/** What nobody was given is unknown; so is all of it where more was said than was lost, because rows came late. */
function ownersOf(packets: bigint, { provider, tenant, contract }: Said): NonNullable<LikelyCause['owners']> {
  const unknown = packets - provider - tenant - contract;
  const owners =
    unknown < 0n
      ? { provider: 0n, tenant: 0n, contract: 0n, unknown: packets }
      : { provider, tenant, contract, unknown };
  return {
    provider: String(owners.provider),
    tenant: String(owners.tenant),
    contract: String(owners.contract),
    unknown: String(owners.unknown),
  };
}

function waited(waits: readonly WaitBeside[], seconds: number): LikelyCause[] {
  const length = BigInt(seconds) * 1_000_000_000n;
  return waits
    .filter(({ role, runDelayNs }) => roles.has(role) && runDelayNs * 1_000_000n >= waitPpmMin * length)
    .sort((a, b) => compare(b.runDelayNs, a.runDelayNs) || (a.name < b.name ? -1 : 1))
    .map(({ host, role, name, owner, runDelayNs }) => {
      const of = owner === '' ? name : `${name} of ${owner}`;
      const detail = `${role} ${of} waited ${runDelayNs / 1_000_000n} ms of ${seconds} s for a CPU beside the breach.`;
      return { cause: 'steal', host, port: '', packets: null, detail };
    });
}

function full(pmds: readonly PmdBeside[]): LikelyCause[] {
  return pmds
    .filter(({ busyPpm }) => busyPpm >= busyPpmMin)
    .sort((a, b) => compare(b.busyPpm, a.busyPpm) || a.core - b.core)
    .map(({ host, datapath, core, busyPpm }) => {
      const detail = `The polling thread of ${datapath} on core ${core} was up to ${busyPpm / 10_000n} % busy beside the breach.`;
      return { cause: 'pmd_full', host, port: '', packets: null, detail };
    });
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
