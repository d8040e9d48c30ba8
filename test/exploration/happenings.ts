import type { MachineEvent } from '../../server/remediation/machine/event.ts';
import { dueInMs } from '../../server/remediation/machine/step.ts';
import { answersTo } from './answers.ts';
import { carriedOut, deadMan, type ExecutorRules } from './executor.ts';
import { type Host, lead, type Next, spent, type Terms, type World, without } from './world.ts';

export interface Bounds extends Terms {
  readonly rules: ExecutorRules;
}

/** Everything that may happen next. */
export function happenings(world: World, bounds: Bounds): readonly Next[] {
  const usual = [...onTheLine(world, bounds), ...onItsSide(world, bounds), ...restarts(world, bounds)];
  return [...usual, ...byTime(world, bounds), ...(world.left.faults > 0 ? faults(world, bounds) : [])];
}

function onTheLine(world: World, bounds: Bounds): readonly Next[] {
  return world.line.flatMap((message, index) => {
    const taken = { ...world, line: without(world.line, index) };
    const arrived = (at: World): readonly Next[] =>
      'command' in message && isCommand(message)
        ? carriedOut(at, message, bounds.rules)
        : [{ label: `the leader hears: ${message.kind}`, ...lead(at, message as MachineEvent, bounds) }];
    const delivered = arrived(taken);
    if (world.left.faults === 0) return delivered;
    const { epoch, seq } = message.command;
    const twice = arrived(spent(world)).map((next) => ({ ...next, label: `${next.label}, and again later` }));
    return [...delivered, { label: `${message.kind} ${epoch}.${seq} is lost`, world: spent(taken) }, ...twice];
  });
}

function isCommand(message: World['line'][number]): message is Parameters<typeof carriedOut>[1] {
  return ['apply', 'rollback', 'readPlacement', 'confirm'].includes(message.kind);
}

function onItsSide(world: World, bounds: Bounds): readonly Next[] {
  if (world.leader === null) return [];
  const answered = world.asked.flatMap((_, index) => answersTo(world, index, bounds));
  if (world.leader.phase.name !== 'idle' || world.left.breaches === 0) return answered;
  const hot = { kind: 'reading', span: 'window', isValid: true, isBurning: true, maxUsagePpm: 970_000 } as const;
  const left = { ...world.left, breaches: world.left.breaches - 1 };
  const suspected = lead({ ...world, left }, hot, bounds).world;
  return [...answered, { label: 'two windows burn', ...lead(suspected, hot, bounds) }];
}

/** Another process goes on with what is stored, under the next epoch; the first one, if it lives, stores nothing any more. */
function restarts(world: World, bounds: Bounds): readonly Next[] {
  if (world.leader?.lease !== null && world.leader !== null) return [];
  if (world.leader !== null) {
    const again = { kind: 'lease', epoch: world.leader.epoch + 1, forMs: 1e12 } as const;
    return [{ label: 'the leader leads again', ...lead(world, again, bounds) }];
  }
  const up = lead({ ...world, leader: world.store, asked: [] }, { kind: 'recovered' }, bounds);
  const lease = { kind: 'lease', epoch: world.store.epoch + 1, forMs: 1e12 } as const;
  const led = lead(up.world, lease, bounds);
  return [{ label: 'another leader takes over', world: led.world, effects: [...up.effects, ...led.effects] }];
}

function byTime(world: World, bounds: Bounds): readonly Next[] {
  const due = world.leader === null ? null : dueInMs(world.leader);
  const isWaitedFor = world.line.length > 0 || world.asked.some(({ kind }) => kind !== 'measure');
  const nexts: Next[] = [];
  // A deadline of the lease is so far away that only an idle machine would meet it.
  if (due !== null && due < 1e9 && (!isWaitedFor || world.left.faults > 0)) {
    const at = isWaitedFor ? spent(world) : world;
    nexts.push({ label: `${due} ms pass`, ...lead(at, { kind: 'tick' }, bounds, due) });
    if (world.left.faults > 0 && due > 1)
      nexts.push({ label: `${due - 1} ms pass`, ...lead(spent(world), { kind: 'tick' }, bounds, due - 1) });
  }
  const undone = deadMan(world, bounds.rules);
  if (undone !== null) {
    const isAwaited = world.leader !== null && world.leader.phase.name !== 'halt';
    if (!isAwaited) nexts.push(undone);
    else if (world.left.faults > 0) nexts.push({ ...undone, world: spent(undone.world) });
  }
  return nexts;
}

function faults(world: World, bounds: Bounds): readonly Next[] {
  const at = spent(world);
  const { host, leader } = world;
  const onHost = (label: string, changed: Partial<Host>, event?: MachineEvent): Next => {
    const told = event === undefined ? [] : [{ kind: 'told', event } as const];
    return { label, world: { ...at, host: { ...host, ...changed }, asked: [...at.asked, ...told] } };
  };
  const found: Next[] = [
    onHost('the machine with a is deleted', { queues: host.queues.filter(({ id }) => id !== 'a') }),
    onHost('another program starves thread 1', starved(host, 1)),
    onHost('another program starves thread 2', starved(host, 2)),
    onHost('an operator pins a where it is', pinned(host), { kind: 'foreign', what: 'pin' }),
    onHost('an operator sets other options', { options: host.options + 1 }, { kind: 'foreign', what: 'options' }),
    onHost('thread 1 is taken away', shrunk(host), { kind: 'foreign', what: 'mask' }),
    onHost('the kill switch of the host is thrown', { isKilled: true }, { kind: 'killed', by: 'host' }),
  ];
  if (!host.queues.some(({ id }) => id === 'd'))
    found.push(onHost('a port is added', { queues: [...host.queues, { id: 'd', numa: 0, core: 2, pin: null }] }));
  if (host.queues.some(({ pin }) => pin === null))
    found.push(onHost('auto-lb reshuffles what is not frozen', shuffled(host)));
  if (leader === null) return found;
  found.push({ label: 'the leader crashes', world: { ...at, leader: null, asked: [] } });
  const unsent = at.line.filter((message) => !isCommand(message));
  if (unsent.length < at.line.length)
    found.push({
      label: 'the leader crashes, nothing of its was sent',
      world: { ...at, leader: null, asked: [], line: unsent },
    });
  for (const event of leaderFaults) found.push({ label: `to the leader: ${event.kind}`, ...lead(at, event, bounds) });
  const shortLease = { kind: 'lease', epoch: leader.epoch, forMs: 3_000 } as const;
  found.push({ label: 'the lease has 3 s left', ...lead(at, shortLease, bounds) });
  return found;
}

const leaderFaults: readonly MachineEvent[] = [
  { kind: 'leaseLost' },
  { kind: 'killed', by: 'fleet' },
  { kind: 'scope', frozen: true, adviseOnly: false },
  { kind: 'mode', mode: 'advise', cleanPlans: 20 },
];

function starved({ pmds }: Host, core: number): Partial<Host> {
  return { pmds: pmds.map((pmd) => ({ ...pmd, isStarved: pmd.core === core })) };
}

function pinned({ queues }: Host): Partial<Host> {
  return { queues: queues.map((queue) => (queue.id === 'a' ? { ...queue, pin: 'operator' as const } : queue)) };
}

/** Queues whose thread is gone fall to another one. */
function shrunk({ queues, pmds }: Host): Partial<Host> {
  return {
    pmds: pmds.filter(({ core }) => core !== 1),
    queues: queues.map((queue) => (queue.core === 1 ? { ...queue, core: 2 } : queue)),
  };
}

function shuffled({ queues, pmds }: Host): Partial<Host> {
  const has = (core: number) => pmds.some((pmd) => pmd.core === core);
  const other = (core: number | null) => (core === 1 && has(2) ? 2 : core === 2 && has(1) ? 1 : core);
  return { queues: queues.map((queue) => (queue.pin === null ? { ...queue, core: other(queue.core) } : queue)) };
}
