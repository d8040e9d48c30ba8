import { type Effect, isWriting } from '../../server/remediation/machine/effect.ts';
import { affectedCores, type HostReading } from '../../server/remediation/machine/host.ts';
import type { MachineState } from '../../server/remediation/machine/state.ts';
import type { Host, Next, World, Write } from './world.ts';

type Apply = Extract<Effect, { readonly kind: 'apply' }>;

/** A step from one world to the next; what is said of it must hold of every one. */
interface Seen {
  readonly before: World;
  readonly next: Next;
  /** Nothing more happens by itself. */
  readonly isEnd: boolean;
}

type Invariant = (seen: Seen) => boolean;

/**
 * What must never happen, told from the worlds alone: none of it asks the machine's guards. By the numbers of the design
 * (research: remediation 6.4); I9's bad signatures and I13 are the executor's, I15 has a test of its own.
 */
export const invariants = {
  'plans are of now': ({ next }) => applies(next).every(() => planAge(next.world.leader) <= 5_000),
  'plans are of this host': ({ next }) =>
    applies(next).every(({ preImage }) => {
      const phase = next.world.leader?.phase;
      return phase?.name === 'apply' && isSame(phase.action.proposal.host, preImage);
    }),
  'I1 one change at a time': ({ before, next: { write } }) =>
    write?.by !== 'apply' || before.executor.change?.isArmed !== true,
  'I1 epochs never fall': ({ before, next: { world } }) =>
    world.executor.epoch >= before.executor.epoch &&
    world.store.epoch >= before.store.epoch &&
    (before.leader === null || world.leader === null || world.leader.epoch >= before.leader.epoch),
  'I2 no write without a durable intent': ({ next: { world, write } }) =>
    write === undefined || world.durable.some(({ intent }) => intent === write.intent),
  'I2 no command without a durable intent': ({ next }) =>
    applies(next).every((apply) => next.world.durable.some((known) => isSameIntent(known, apply))),
  'I2 the pre-image is what was there': ({ next: { write } }) =>
    write?.by !== 'apply' || JSON.stringify(coresOf(write.before)) === JSON.stringify(coresOf(write.preImage)),
  'I3 what moves is what was planned': ({ next: { write } }) =>
    write?.by !== 'apply' ||
    write.after.queues.every(({ id, core }) => {
      const planned = write.moves.find(({ rxq }) => rxq === id)?.to;
      return core === (planned ?? coreIn(write.before, id));
    }),
  'I4 every queue is polled after a write': ({ next: { write } }) =>
    write === undefined || write.after.queues.every(({ core }) => write.after.pmds.some((pmd) => pmd.core === core)),
  'I5 targets are threads of the own node': ({ next }) =>
    applies(next).every(({ moves, preImage }) =>
      moves.every(({ rxq, to }) => {
        const numa = preImage.queues.find(({ id }) => id === rxq)?.numa;
        return preImage.pmds.some((pmd) => pmd.core === to && pmd.numa === numa);
      }),
    ),
  'I6 pins of operators stay': ({ next: { write } }) =>
    write === undefined ||
    write.before.queues.every(({ id, core, pin }) => {
      const after = write.after.queues.find((queue) => queue.id === id);
      return pin !== 'operator' || (after?.pin === 'operator' && after.core === core);
    }),
  'I6 no command to move what an operator pinned': ({ next }) =>
    applies(next).every(({ moves, preImage }) =>
      moves.every(({ rxq }) => preImage.queues.find(({ id }) => id === rxq)?.pin !== 'operator'),
    ),
  'I7 no write to a thread that does not run': ({ next: { write } }) => write === undefined || !touchesStarved(write),
  'I7 no command when a thread was seen not to run': ({ next }) =>
    applies(next).every(({ moves, preImage }) => {
      const affected = affectedCores(moves);
      return preImage.pmds.every(({ core, runDelayPpm }) => !affected.has(core) || (runDelayPpm ?? 1e6) <= 1_000);
    }),
  'I8 few moves': ({ next }) =>
    applies(next).every(
      ({ moves, preImage: { queues } }) => moves.length <= Math.max(1, Math.floor(queues.length / 4)),
    ),
  'I9 nothing old, nothing twice': ({ next: { world } }) => isRising(world.executor.done),
  'I10 a rollback restores': ({ next: { write } }) =>
    write === undefined ||
    write.by === 'apply' ||
    write.after.queues.every(({ id, core }) => core === (coreIn(write.preImage, id) ?? core)),
  'I10 at the end nothing unproven stands': ({ next: { world }, isEnd }) =>
    !isEnd || world.executor.change?.isArmed !== true || world.leader?.phase.name === 'halt',
  'I10 at the end the machine rests': ({ next: { world }, isEnd }) =>
    !isEnd || ['idle', 'halt'].includes(world.leader?.phase.name ?? ''),
  'I11 no write on a host that is switched off': ({ next: { write } }) =>
    write?.by !== 'apply' || !write.before.isKilled,
  'I11 no command while killed, frozen or not alone': ({ next }) =>
    applies(next).length === 0 || isFree(next.world.leader),
  'I11 advice never writes': ({ next }) => isAllowedBy(next.world.leader, (next.effects ?? []).filter(isWriting)),
  'I11 a lease is not at its end': ({ next }) => applies(next).length === 0 || leaseLeft(next.world.leader) >= 5_000,
  'I12 a verdict has both numbers': ({ next }) =>
    (next.effects ?? []).every(
      (effect) =>
        effect.kind !== 'journal' ||
        !['verified', 'ineffective'].includes(effect.entry.what) ||
        (effect.entry.observedMaxUsagePpm !== null && effect.entry.predictedMaxUsagePpm > 0),
    ),
  'I14 nothing is meant by nothing': ({ next }) => applies(next).every(({ moves }) => moves.length > 0),
} satisfies Readonly<Record<string, Invariant>>;

export type InvariantName = keyof typeof invariants;
export const invariantNames = Object.keys(invariants) as InvariantName[];

/** The first that does not hold. */
export function broken(seen: Seen): InvariantName | undefined {
  return invariantNames.find((name) => !invariants[name](seen));
}

function applies({ effects = [] }: Next): readonly Apply[] {
  return effects.filter((effect): effect is Apply => effect.kind === 'apply');
}

function isSameIntent(known: World['durable'][number], { intent, preImage, moves }: Apply): boolean {
  return JSON.stringify(known) === JSON.stringify({ intent, preImage, moves });
}

function coresOf({ queues }: Host | HostReading): readonly unknown[] {
  return queues.map(({ id, core }) => [id, core]);
}

function coreIn({ queues }: Host | HostReading, id: string): number | null | undefined {
  return queues.find((queue) => queue.id === id)?.core;
}

function isSame(a: HostReading, b: HostReading): boolean {
  return a.identity === b.identity && JSON.stringify(a.queues) === JSON.stringify(b.queues);
}

function touchesStarved({ before, after }: Write): boolean {
  const changed = after.queues.filter(({ id, core }) => core !== coreIn(before, id));
  const cores = new Set(changed.flatMap(({ id, core }) => [core, coreIn(before, id)]));
  return before.pmds.some(({ core, isStarved }) => isStarved && cores.has(core));
}

function isRising(done: readonly string[]): boolean {
  const numbers = done.map((each) => each.split('.').map(Number));
  return numbers.every(([epoch = 0, seq = 0], i) => {
    const [epochBefore = 0, seqBefore = 0] = numbers[i - 1] ?? [];
    return epoch > epochBefore || (epoch === epochBefore && seq > seqBefore);
  });
}

function isFree(leader: MachineState | null): boolean {
  if (leader === null || leader.killedBy.length > 0 || leader.scope.frozen) return false;
  const { foreignAt } = leader.history;
  return foreignAt === null || leader.clock.own - foreignAt >= 600_000;
}

/** Undoing is allowed in every mode, once a change was allowed. */
function isAllowedBy(leader: MachineState | null, writes: readonly Effect[]): boolean {
  const applied = writes.filter(({ kind }) => kind === 'apply');
  if (leader === null || applied.length === 0) return true;
  const approval = leader.phase.name === 'apply' ? leader.phase.action.approval : null;
  return leader.mode === 'auto' || (leader.mode === 'approve' && approval !== null);
}

function leaseLeft(leader: MachineState | null): number {
  return leader?.lease == null ? 0 : leader.lease.endsAt - leader.clock.own;
}

function planAge(leader: MachineState | null): number {
  return leader?.phase.name === 'apply'
    ? leader.clock.own - leader.phase.action.proposal.readAt
    : Number.POSITIVE_INFINITY;
}
