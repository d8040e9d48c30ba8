/** What keeps one repair after another from becoming an outage: rules over all hosts of a scope, asked before a token is given. */
export interface FleetLimits {
  /** So many hosts that breach at once have one cause, and it is not theirs. */
  readonly commonCausePpm: number;
  readonly commonCauseMin: number;
  readonly commonCauseMs: number;
  readonly concurrentMax: number;
  readonly concurrentPpm: number;
  readonly failuresMax: number;
  readonly failuresMs: number;
}

const defaultFleetLimits: FleetLimits = {
  ...{ commonCausePpm: 300_000, commonCauseMin: 3, commonCauseMs: 300_000 },
  ...{ concurrentMax: 5, concurrentPpm: 20_000, failuresMax: 2, failuresMs: 3_600_000 },
};

/** A host whose change is not over yet. */
export interface TokenHolder {
  readonly host: string;
  readonly domain: string;
}

export interface HostEvent {
  readonly host: string;
  readonly at: number;
}

/**
 * Whether more hosts of a scope broke in the last minutes than can be chance.
 *
 * Example: of 20 hosts 7 breach within 5 min: more than 30 %, and at least 3: frozen. Of 5 hosts 2: not.
 */
export function hasCommonCause(
  breaches: readonly HostEvent[],
  { hosts, now }: { readonly hosts: number; readonly now: number },
  limits: FleetLimits = defaultFleetLimits,
): boolean {
  const recent = new Set(breaches.filter(({ at }) => now - at < limits.commonCauseMs).map(({ host }) => host));
  return recent.size >= limits.commonCauseMin && recent.size * 1_000_000 > hosts * limits.commonCausePpm;
}

export type TokenRefusal = 'hostBusy' | 'domainBusy' | 'fleetBusy';

/** Why one more host may not be changed now; null: it may. A fleet of a few hosts still has one token. */
export function tokenRefusal(
  wanted: TokenHolder,
  holders: readonly TokenHolder[],
  hosts: number,
  limits: FleetLimits = defaultFleetLimits,
): TokenRefusal | null {
  if (holders.some(({ host }) => host === wanted.host)) return 'hostBusy';
  if (holders.some(({ domain }) => domain === wanted.domain)) return 'domainBusy';
  const share = Math.max(1, Math.floor((hosts * limits.concurrentPpm) / 1_000_000));
  return holders.length >= Math.min(limits.concurrentMax, share) ? 'fleetBusy' : null;
}

/** Too many changes of a scope failed or were undone of late: it only advises, until a human looks. */
export function isTripped(
  failures: readonly HostEvent[],
  now: number,
  limits: FleetLimits = defaultFleetLimits,
): boolean {
  return failures.filter(({ at }) => now - at < limits.failuresMs).length >= limits.failuresMax;
}
