import type { Cause } from '../../core/catalogue/causes.ts';
import type { Direction } from '../../core/catalogue/kind-parts.ts';
import { all, type Decision, unknown } from './decision.ts';
import type { Evidence, Missing } from './evidence.ts';
import { slotsMax } from './evidence.ts';
import { overRate } from './excess.ts';
import { notOffered } from './not-offered.ts';
import { ringFull } from './ring-full.ts';

type Need = 'rate' | 'rings' | 'absence';

/** One rule: for which causes it speaks, in which directions, and what it says. */
export interface Rule {
  readonly id: string;
  readonly causes: readonly Cause[];
  /** Undefined: any. */
  readonly directions?: readonly Direction[];
  /** For documents: whose, when, and why. */
  readonly say: string;
  /** What has to be read for it beside the row: traffic of the path with what was bought for it, rings with their threads, guests that were away. */
  readonly needs?: readonly Need[];
  readonly decide: (evidence: Evidence) => Decision;
}

/** Rules of one version. A released version never changes: stored owners must be reproducible. */
export interface RuleSet {
  readonly version: number;
  readonly rules: readonly Rule[];
}

const lacks = (missing: Missing) => (evidence: Evidence) => unknown(evidence, [missing]);

const first: RuleSet = {
  version: 1,
  rules: [
    {
      id: 'ringFull',
      causes: ['vhost_ring_full'],
      directions: ['toGuest'],
      say: 'Provider: every ring-full run met a stall of a vCPU or of a polling thread (taken off its CPU, waiting for one, stopped) of at least free buffers / packet rate (guestStopped: of all threads of the guest, by a signal), or began while a vCPU that had been woken surely waited for as long; where a tenth of that time at most met none, less what was offered in it. Tenant: all samples there, a vCPU ran 90 % of each second and neither slept nor was stopped around the runs, no polling thread was either, and none of them can have waited that long; less what was offered in the waits that they had, at the rate of the second or of the loss. Contract: what was offered above the contracted rate. Else unknown: a polling guest is always busy, and busy alone proves nothing.',
      needs: ['rate', 'rings'],
      decide: ringFull,
    },
    {
      id: 'notOffered',
      causes: ['vhost_down'],
      directions: ['toGuest', 'rx'],
      say: 'Contract: a guest that is off or disconnected is offered no service, so its packets leave offered and are bad for nobody. Told by a datapath, they went to those of its ports that had no counters then; told by a port, it must have been set up and its guest seen to be disconnected. A port that was set down: unknown, because nothing tells whose order that was.',
      needs: ['absence'],
      decide: notOffered,
    },
    {
      id: 'overRate',
      causes: ['policer', 'shaper', 'cloud_limit'],
      say: 'Contract: up to the packets offered above the contracted rate and what was saved of the burst. The rest, and all of it where no contract says a rate: unknown, because a limit that somebody configured is not one that was agreed.',
      needs: ['rate'],
      decide: overRate,
    },
    {
      id: 'hostBuffers',
      causes: ['nic_ring_full', 'nic_fifo', 'no_mbuf'],
      directions: ['rx', 'fromGuest'],
      say: 'Provider: descriptors, packet buffers and the threads that empty them are the host’s.',
      decide: (evidence) => all('provider', evidence, { why: 'hostBuffers' }),
    },
    {
      id: 'frameSize',
      causes: ['mtu'],
      say: 'Unknown: no contract says which frames were agreed, and a port that was set too small would look the same.',
      decide: lacks('agreedFrameSize'),
    },
    {
      id: 'onPurpose',
      causes: ['policy'],
      say: 'Unknown: the datapath does not say whether the tenant’s or the provider’s rule dropped it.',
      decide: lacks('whoseRule'),
    },
    { id: 'untold', causes: ['pending', 'other'], say: 'Unknown: no cause was told.', decide: lacks('cause') },
  ],
};

const ruleSets: readonly RuleSet[] = [first];

/** The rules in force. */
export const currentRules: RuleSet = first;

/** Undefined: there is no such version. */
export function rulesOf(version: number): RuleSet | undefined {
  return ruleSets.find((set) => set.version === version);
}

/** The rule that speaks of a row; undefined: none does. */
export function ruleOf(
  { cause, direction }: Pick<Evidence, 'cause' | 'direction'>,
  { rules }: RuleSet,
): Rule | undefined {
  return rules.find(
    ({ causes, directions }) =>
      (causes as readonly string[]).includes(cause) && (directions?.includes(direction) ?? true),
  );
}

/** The owners of one row, and who says so. */
export interface Attribution extends Decision {
  /** Id of the rule; `none` where no rule speaks of the cause. */
  readonly rule: string;
  readonly ruleVersion: number;
}

/** Whose the packets of a row are. Pure: the evidence is all it knows. */
export function attribute(evidence: Evidence, set: RuleSet = currentRules): Attribution {
  const { version } = set;
  const rule = ruleOf(evidence, set);
  if (rule === undefined) return { ...unknown(evidence, ['rule']), rule: 'none', ruleVersion: version };
  // Nobody knows where in a long gap the loss was; where the rule needs no place, it needs no bound.
  const decision = evidence.slots > slotsMax ? bounded(rule, evidence) : rule.decide(evidence);
  return { ...decision, rule: rule.id, ruleVersion: version };
}

function bounded(rule: Rule, evidence: Evidence): Decision {
  const bare = { ...evidence, offered: [], contract: null, rings: null, guest: null, pmds: null };
  return rule.decide(bare);
}
