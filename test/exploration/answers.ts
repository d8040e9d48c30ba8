import type { Effect } from '../../server/remediation/machine/effect.ts';
import type { EventOf, MachineEvent } from '../../server/remediation/machine/event.ts';
import type { Host, Next } from './world.ts';
import { lead, readHost, spent, type Terms, type World, without } from './world.ts';

interface Answer {
  readonly label: string;
  readonly events: readonly MachineEvent[];
  readonly isFault?: boolean;
  /** An intent that is durable from then on, or a plan that was made. */
  readonly world?: World;
}

/** Everything that may come of one thing that the leader asked for on its own side. */
export function answersTo(world: World, index: number, terms: Terms): readonly Next[] {
  const asked = world.asked[index];
  if (asked === undefined) return [];
  const rest = { ...world, asked: without(world.asked, index) };
  return answers(rest, asked)
    .filter(({ isFault }) => isFault !== true || world.left.faults > 0)
    .map(({ label, events, isFault, world: changed = rest }) => {
      const effects: Effect[] = [];
      let next = isFault === true ? spent(changed) : changed;
      for (const event of events) {
        const led = lead(next, event, terms);
        next = led.world;
        effects.push(...led.effects);
      }
      return { label, world: next, effects };
    });
}

function answers(world: World, asked: World['asked'][number]): readonly Answer[] {
  switch (asked.kind) {
    case 'told':
      return [{ label: `the leader hears: ${asked.event.kind}`, events: [asked.event] }];
    case 'diagnose':
      return [
        { label: 'overload', events: [{ kind: 'diagnosed', cause: 'overload', subject: 'core 1', heldBy: null }] },
      ];
    case 'plan':
      return plans(world);
    case 'askApproval': {
      const decided = (isApproved: boolean, by: string): MachineEvent => {
        return { kind: 'decided', proposal: asked.attempt.proposal.id, isApproved, by };
      };
      return [
        { label: 'a human approves', events: [decided(true, 'ann')] },
        { label: 'a human denies', events: [decided(false, 'ann')], isFault: true },
      ];
    }
    case 'acquire': {
      const [last, ...others] = [...asked.what].reverse();
      const granted = asked.what.map((what) => ({ kind: 'granted', what, proposal: asked.proposal }) as const);
      if (last === undefined) return [];
      const refused = { kind: 'refused', what: last, proposal: asked.proposal } as const;
      return [
        { label: 'all locks and the token are granted', events: granted },
        { label: 'one lock is refused', events: [...granted.slice(0, others.length), refused], isFault: true },
      ];
    }
    case 'precheck': {
      const prechecked = (host: EventOf<'prechecked'>['host']): MachineEvent => {
        return { kind: 'prechecked', proposal: asked.proposal, host };
      };
      return [
        { label: 'the host is read again', events: [prechecked(readHost(world.host))] },
        { label: 'the host cannot be read', events: [prechecked(null)], isFault: true },
      ];
    }
    case 'journalIntent': {
      const { intent, preImage, proposal } = asked.action;
      const durable = { ...world, durable: [...world.durable, { intent, preImage, moves: proposal.moves }] };
      const written = { kind: 'journalled', intent, isDurable: true } as const;
      const late = { ...durable, asked: [...durable.asked, { kind: 'told', event: written } as const] };
      return [
        { label: 'the intent is durable', events: [written], world: durable },
        { label: 'the journal is full', events: [{ ...written, isDurable: false }], isFault: true },
        { label: 'the intent is durable, and its answer comes late', events: [], world: late, isFault: true },
      ];
    }
    case 'measure':
      return verdicts(world.host, asked);
    default:
      return [];
  }
}

function verdicts(host: Host, { intent, of }: Extract<Effect, { readonly kind: 'measure' }>): readonly Answer[] {
  const measured = (verdict: EventOf<'measured'>['verdict'], observed: number | null): MachineEvent => {
    return { kind: 'measured', intent, of, verdict, observedMaxUsagePpm: observed };
  };
  const worse = { label: `${of}: worse`, events: [measured('worse', 950_000)], isFault: true };
  if (of !== 'effect') return [worse];
  if (!host.queues.some(({ id }) => id === 'a')) return [{ label: 'moot', events: [measured('moot', null)] }];
  return [
    { label: 'it helped', events: [measured('good', 720_000)] },
    worse,
    { label: 'it did not help', events: [measured('ineffective', 900_000)], isFault: true },
    { label: 'nobody knows whether it helped', events: [measured('unknown', null)], isFault: true },
  ];
}

/** The plan, and plans that no planner may make: whoever sent them, the machine does not believe them. */
function plans(world: World): readonly Answer[] {
  const { queues } = world.host;
  const id = `p${world.proposals + 1}`;
  const made = { ...world, proposals: world.proposals + 1 };
  const hot = queues.find(({ core, pin }) => core === 1 && pin !== 'operator');
  if (hot === undefined)
    return [{ label: 'no plan', events: [{ kind: 'planned', plan: null, reason: 'noAcceptablePlan' }] }];
  const answer = (label: string, rxqs: readonly string[], to: number, ageMs = 0): Answer => {
    const moves = rxqs.map((rxq) => ({ rxq, from: queues.find(({ id: each }) => each === rxq)?.core ?? 1, to }));
    const plan = { id, moves, predictedMaxUsagePpm: 710_000, host: readHost(world.host), ageMs };
    return { label, events: [{ kind: 'planned', plan, reason: '' }], world: made };
  };
  return [
    answer(`plan: ${hot.id} to 2`, [hot.id], 2),
    { ...answer('plan of nothing', [], 2), isFault: true },
    { ...answer('plan of too many', ['a', 'b'], 2), isFault: true },
    { ...answer('plan across nodes', [hot.id], 3), isFault: true },
    { ...answer("plan of an operator's queue", ['c'], 1), isFault: true },
    { ...answer('plan made from old readings', [hot.id], 2, 5_001), isFault: true },
  ];
}
