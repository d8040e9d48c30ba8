import type { Outcome } from '../../server/remediation/machine/event.ts';
import { affectedCores, type HostReading, isSameHost, type Move } from '../../server/remediation/machine/host.ts';
import { type Command, type Host, type Next, readHost, spent, type World } from './world.ts';

/** What the executor must do for the machine to be right; exploration takes these away as well. */
export interface ExecutorRules {
  /** Nothing older than what it has seen, and nothing twice. */
  readonly fences: boolean;
  /** What it has read counts as seen, too. */
  readonly readsCount: boolean;
  /** Only if everything is as it was when the command was made. */
  readonly compares: boolean;
  /** Its own switch, and threads that would not answer. */
  readonly looksFirst: boolean;
}

export const wholeExecutor: ExecutorRules = { fences: true, readsCount: true, compares: true, looksFirst: true };

/** A command arrives; each way that it may go. */
export function carriedOut(world: World, command: Command, rules: ExecutorRules): readonly Next[] {
  const { epoch, seq } = command.command;
  const { executor } = world;
  const label = `the executor takes ${command.kind} ${epoch}.${seq}`;
  if (rules.fences && (epoch < executor.epoch || (epoch === executor.epoch && seq <= executor.seq)))
    return [{ label: `${label}: too old, nothing happens`, world }];
  const isSeen = rules.readsCount || command.kind !== 'readPlacement';
  const seen = isSeen ? { ...world, executor: { ...executor, epoch, seq } } : world;
  switch (command.kind) {
    case 'apply':
      return applied(seen, command, rules, label);
    case 'rollback':
      return undone(seen, command, rules, label);
    case 'readPlacement': {
      const host = readHost(world.host);
      const read = { label, world: replied(seen, { kind: 'placement', command: command.command, host }) };
      if (world.left.faults === 0) return [read];
      const dumb = replied(spent(seen), { kind: 'placement', command: command.command, host: null });
      return [read, { label: `${label}: the switch does not answer`, world: dumb }];
    }
    case 'confirm': {
      const { change } = executor;
      const isKept = change?.intent === command.intent;
      const kept = isKept ? { ...change, isArmed: false } : change;
      const told = { ...seen, executor: { ...seen.executor, change: kept } };
      return [{ label, world: replied(told, { kind: 'confirmed', command: command.command, isKept }) }];
    }
  }
}

function replied(world: World, reply: World['line'][number]): World {
  return { ...world, line: [...world.line, reply] };
}

type CommandOf<K extends Command['kind']> = Extract<Command, { readonly kind: K }>;

function applied(world: World, command: CommandOf<'apply'>, rules: ExecutorRules, label: string): readonly Next[] {
  const { intent, moves, preImage } = command;
  const { host } = world;
  const answer = (result: Outcome, after: World = world) =>
    replied(after, { kind: 'outcome', command: command.command, result });
  if (rules.looksFirst && (host.isKilled || isStuckOn(host, moves)))
    return [{ label: `${label}: refused`, world: answer('refused') }];
  if (rules.compares && !isSameHost(readHost(host), preImage))
    return [{ label: `${label}: aborted, the host has changed`, world: answer('aborted') }];
  const after = placed(host, new Map(moves.map(({ rxq, to }) => [rxq, to])));
  const change = { intent, preImage, isArmed: true };
  const done = [...world.executor.done, `${command.command.epoch}.${command.command.seq}`];
  const committed = { ...world, host: after, executor: { ...world.executor, change, done } };
  const write = { by: 'apply', intent, preImage, moves, before: host, after } as const;
  const told = [{ label: `${label}: committed`, world: answer('committed', committed), write }];
  if (world.left.faults === 0) return told;
  return [
    ...told,
    { label: `${label}: committed, but nobody knows`, world: spent(answer('unknown', committed)), write },
    { label: `${label}: aborted by the database`, world: spent(answer('aborted')) },
  ];
}

function undone(world: World, command: CommandOf<'rollback'>, rules: ExecutorRules, label: string): readonly Next[] {
  const answer = (result: Outcome, after: World = world) =>
    replied(after, { kind: 'outcome', command: command.command, result });
  const restored = restore(world, command.preImage, rules);
  if (restored === null) return [{ label: `${label}: refused`, world: answer('refused') }];
  const { intent, preImage } = command;
  const done = [...world.executor.done, `${command.command.epoch}.${command.command.seq}`];
  const after = { ...restored, executor: { ...restored.executor, done } };
  const write = { by: 'rollback', intent, preImage, moves: [], before: world.host, after: after.host } as const;
  const told = [{ label: `${label}: committed`, world: answer('committed', after), write }];
  if (world.left.faults === 0) return told;
  return [...told, { label: `${label}: committed, but nobody knows`, world: spent(answer('unknown', after)), write }];
}

/** Nobody confirmed the change in time: the host puts back what was. */
export function deadMan(world: World, rules: ExecutorRules): Next | null {
  const { change } = world.executor;
  if (change === null || !change.isArmed) return null;
  const { intent, preImage } = change;
  const restored = restore(world, preImage, rules);
  if (restored === null) {
    const executor = { ...world.executor, change: { ...change, isArmed: false }, isStuck: true };
    return { label: 'the host cannot undo it by itself, and pages', world: { ...world, executor } };
  }
  const write = { by: 'deadMan', intent, preImage, moves: [], before: world.host, after: restored.host } as const;
  return { label: 'nobody confirmed it: the host undoes it by itself', world: restored, write };
}

function restore(world: World, preImage: HostReading, rules: ExecutorRules): World | null {
  const { host } = world;
  const cores = new Map(preImage.queues.map(({ id, core }) => [id, core ?? 0]));
  const moved = host.queues.filter(({ id, core }) => cores.has(id) && cores.get(id) !== core);
  const moves = moved.map(({ id, core }) => ({ rxq: id, from: core ?? 0, to: cores.get(id) ?? 0 }));
  const isGone = moves.some(({ to }) => !host.pmds.some(({ core }) => core === to));
  const pins = new Map(preImage.queues.map(({ id, pin }) => [id, pin]));
  const isTouched = host.queues.some(
    ({ id, pin }) => pin === 'operator' && pins.has(id) && pins.get(id) !== 'operator',
  );
  if (rules.looksFirst && (isGone || isStuckOn(host, moves))) return null;
  if (rules.compares && (isTouched || readHost(host).identity !== preImage.identity)) return null;
  return { ...world, host: placed(host, cores), executor: { ...world.executor, change: null } };
}

/** Freeze and move: each queue that no operator nailed is nailed where it is, or where it is to be. */
function placed(host: Host, cores: ReadonlyMap<string, number>): Host {
  const queues = host.queues.map((queue) => ({
    ...queue,
    core: cores.get(queue.id) ?? queue.core,
    pin: queue.pin ?? ('ours' as const),
  }));
  return { ...host, queues };
}

function isStuckOn(host: Host, moves: readonly Move[]): boolean {
  const affected = affectedCores(moves);
  return host.pmds.some(({ core, isStarved }) => isStarved && affected.has(core));
}
