import type { Exclusion } from '../slo/objective.ts';

/** What the control store keeps in versions. Each kind has its names. */
export const objectKinds = ['tenant', 'service', 'contract', 'agreement', 'objective'] as const;
export type ObjectKind = (typeof objectKinds)[number];

export interface Tenant {
  readonly displayName: string;
  /** IANA zone of the tenant's calendar. */
  readonly zone: string;
}

/** Where a port of a service is, from when to when; a live migration ends one placement and begins the next. */
export interface Placement {
  readonly host: string;
  readonly port: string;
  /** Unix seconds; null: as long as the service. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface ServicePort {
  /** As objectives name it. */
  readonly name: string;
  readonly placements: readonly Placement[];
}

export interface Service {
  readonly displayName: string;
  readonly tenant: string;
  readonly ports: readonly ServicePort[];
}

/** What a tenant has bought: packet rates, a profile of availability, and what it pays. */
export interface Contract {
  readonly service: string;
  /** Per direction, as decimal digits. */
  readonly rates: readonly {
    readonly direction: 'rx' | 'tx' | 'toGuest' | 'fromGuest';
    readonly committedPps: string;
    readonly burstPackets: string;
  }[];
  readonly items: readonly PriceItem[];
}

export interface PriceItem {
  readonly name: string;
  /** ISO 4217. */
  readonly currency: string;
  /** A month's fee in minor units of the currency, as decimal digits. */
  readonly monthlyFee: string;
}

/** What was promised to a tenant, and what follows when it was not kept. */
export interface Agreement {
  readonly tenant: string;
  readonly service: string;
  /** Names of the objectives that it promises; those that pay are in `credits`. */
  readonly objectives: readonly string[];
  /** Coverage below which nothing is called proven, such as 0.999. */
  readonly coverageFloor: string;
  /** Who gains where nothing is proven. */
  readonly undetermined: 'tenant' | 'provider' | 'open';
  /** Days after the end of a month in which late rows still change it. */
  readonly finalAfterDays: number;
  /** Exclusions: notice that maintenance needs, and how long afterwards one may be asked for. */
  readonly exclusions: { readonly noticeHours: number; readonly retroactiveDays: number };
  readonly credits: CreditTerms | null;
}

export interface CreditTerms {
  /** Objectives that pay. */
  readonly objectives: readonly string[];
  readonly schedule: CreditSchedule;
  /** Share of the fee that is never exceeded, such as 1.00. */
  readonly cap: string;
  /** In minor units; less is not paid. */
  readonly minimumPayout: string;
  /** Of several objectives of a service in a month. */
  readonly combine: 'max' | 'sum';
}

/**
 * Half-open tiers, lowest first: each to where the next begins, the first from 0, the last without an end. `achieved`: by the
 * exact ratio of good to total, shares fall. `exceedance`: by how much of it the allowed bad share was exceeded, shares rise.
 */
export type CreditSchedule =
  | { readonly kind: 'achieved'; readonly tiers: readonly { readonly from: string; readonly share: string }[] }
  | { readonly kind: 'exceedance'; readonly tiers: readonly { readonly from: string; readonly share: string }[] }
  | { readonly kind: 'badMinutes'; readonly sharePerMinute: string };

/** An objective as it is judged: its OpenSLO document, and what OpenSLO has no word for. */
export interface ObjectiveTerms {
  readonly service: string;
  /** The document, as `readObjective` takes it; comments are gone, and its keys are in one order. */
  readonly openslo: string;
  /** A rolling window beside the calendar one, such as 30d; null: none. */
  readonly rolling: string | null;
  readonly coverageFloor: string;
}

export interface ObjectBodies {
  readonly tenant: Tenant;
  readonly service: Service;
  readonly contract: Contract;
  readonly agreement: Agreement;
  readonly objective: ObjectiveTerms;
}

/**
 * One version of an object: what held in [from, to), unix seconds on quarter hours. Versions of a name never overlap and never
 * change. `to` that is `from`: it was replaced before it began, and never held.
 */
export interface Version<K extends ObjectKind = ObjectKind> {
  readonly kind: K;
  readonly name: string;
  /** From 1. */
  readonly version: number;
  readonly from: number;
  /** Null: still. */
  readonly to: number | null;
  readonly body: ObjectBodies[K];
  /** Of the body in canonical form. */
  readonly sha256: string;
  readonly witness: string;
  readonly recordedAtMs: number;
}

/** An approved exclusion of the control store, as verdicts use it. */
export interface ApprovedExclusion extends Exclusion {
  readonly id: string;
  readonly revision: number;
}
