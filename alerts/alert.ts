/**
 * What people are told of: one breach of one objective (or that its present cannot be judged), as its last change left it.
 * All of it is JSON: integers that may pass 2^53 are strings, instants are unix seconds.
 */
export interface Alert {
  /** What makes it the same alert from its first change to its last: 64 hex digits, of the labels. */
  readonly fingerprint: string;
  /** Who and what it is: routes, groups and silences go by them. Never a number that changes. */
  readonly labels: Labels;
  readonly severity: Severity;
  /** `unknown`: whether it goes on cannot be told now; whoever was told that it fires is not told that it is over. */
  readonly status: AlertStatus;
  /** Number of its last change, from 1: a change that comes again, or late, is known by it. */
  readonly entry: number;
  readonly startsAt: number;
  /** null: it goes on, or nobody knows. */
  readonly endsAt: number | null;
  readonly changedAt: number;
  readonly facts: AlertFacts;
  /** While it fires, nobody can tell whether alerts go on that have all these labels. */
  readonly freezes?: Labels;
  /** It comes and goes; whoever is told so hears no more of it until it is quiet. Set only in what is told. */
  readonly flapping?: true;
}

export type Labels = Readonly<Record<string, string>>;

/** From the worst to the least. */
export const severities = ['critical', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

export const alertStatuses = ['firing', 'resolved', 'unknown'] as const;
export type AlertStatus = (typeof alertStatuses)[number];

/** What an operator asks first: how much of the budget is gone, when it is gone, what fails, whose it is, what was tried. */
export interface AlertFacts {
  /** One line of plain words. */
  readonly summary: string;
  /** Type of the change, such as sla.breach.opened. */
  readonly event: string;
  readonly objective: { readonly name: string; readonly version: number; readonly indicator: string };
  readonly window: { readonly from: number; readonly to: number; readonly zone: string };
  /** Bad ones (packets or slots) of the budget; null: nothing was judged yet. */
  readonly budget: { readonly allowed: string; readonly spent: string; readonly remaining: string } | null;
  /** When the budget is gone if it goes on like this; null: it is not being spent, is gone already, or nobody knows. */
  readonly exhaustedAt: number | null;
  /** The burn tier that fires, such as T0; null: none. */
  readonly tier: string | null;
  /** Percent of the budget: the highest of the levels that are reached; null: below the first, or it is not about a budget. */
  readonly budgetLevel: number | null;
  readonly causes: readonly AlertCause[];
  /** What was done about it, in the order of time. */
  readonly tried: readonly string[];
  readonly acknowledgedBy: string | null;
  /** Paths below the product's own address, with the range in their query. */
  readonly links: AlertLinks;
}

export interface AlertLinks {
  readonly page: string;
  /** The bundle that reproduces the figures; null: none was made. */
  readonly evidence: string | null;
  /** The port of the likeliest cause, and whose each of its lost packets was; absent: no port is known. */
  readonly timeline?: string;
  readonly explain?: string;
  /** They let whoever has them act, once: only in what is sent, never in what is kept. */
  readonly acknowledge?: string;
  readonly silence?: string;
}

export interface AlertCause {
  readonly cause: string;
  /** Whose it is: provider, tenant, contract (nobody's, by what was agreed), `several`, or unknown. */
  readonly owner: string;
  readonly host: string;
  readonly port: string;
  /** null: nobody knows how many. */
  readonly packets: string | null;
  /** How many of them are whose, adding up to them; absent: they are not counted. */
  readonly owners?: PacketOwners;
}

export const packetOwners = ['provider', 'tenant', 'contract', 'unknown'] as const;
export type PacketOwners = Readonly<Record<(typeof packetOwners)[number], string>>;
