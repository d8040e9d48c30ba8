import { createHash } from 'node:crypto';
import { type Bounds, happenings } from './happenings.ts';
import { broken, type InvariantName } from './invariants.ts';
import { canonical, type Next, type World } from './world.ts';

export interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** Worlds in which nothing more happens by itself. */
  readonly ends: number;
  /** Phases that the leader was in. */
  readonly phases: ReadonlySet<string>;
  readonly violation: Violation | null;
  /** False: the bound on states was met first. */
  readonly isWhole: boolean;
}

export interface Violation {
  readonly invariant: InvariantName;
  /** The shortest way there, one line a step. */
  readonly trace: readonly string[];
}

export interface Walk {
  readonly statesMax: number;
  readonly onProgress?: (states: number, transitions: number, depth: number) => void;
}

/** Breadth first, so that the first violation is one of the shortest; each world once. */
export function explore(first: World, bounds: Bounds, walk: Walk): Explored {
  const seen = new Set<string>([hashOf(first)]);
  const ways: Way[] = [{ label: 'the beginning', from: -1 }];
  const phases = new Set<string>();
  let [transitions, depth, ends] = [0, 0, 0];
  let level: { readonly world: World; readonly way: number }[] = [{ world: first, way: 0 }];
  const told = (violation: Violation | null, isWhole: boolean): Explored => {
    return { states: seen.size, transitions, depth, ends, phases, violation, isWhole };
  };
  while (level.length > 0) {
    const deeper: typeof level = [];
    for (const { world, way } of level) {
      phases.add(world.leader?.phase.name ?? 'crashed');
      const nexts = happenings(world, bounds);
      const isEnd = nexts.every((next) => isFault(world, next));
      if (isEnd) ends++;
      const end = isEnd ? broken({ before: world, next: { label: '', world }, isEnd }) : undefined;
      if (end !== undefined) return told({ invariant: end, trace: traceTo(ways, way) }, false);
      for (const next of nexts) {
        transitions++;
        const invariant = broken({ before: world, next, isEnd: false });
        if (invariant !== undefined)
          return told({ invariant, trace: [...traceTo(ways, way), lineOf(next.label, next.world)] }, false);
        const hash = hashOf(next.world);
        if (seen.has(hash)) continue;
        seen.add(hash);
        ways.push({ label: lineOf(next.label, next.world), from: way });
        deeper.push({ world: next.world, way: ways.length - 1 });
        if (seen.size >= walk.statesMax) return told(null, false);
      }
    }
    if (deeper.length > 0) depth++;
    level = deeper;
    walk.onProgress?.(seen.size, transitions, depth);
  }
  return told(null, true);
}

interface Way {
  readonly label: string;
  readonly from: number;
}

function isFault(world: World, next: Next): boolean {
  return next.world.left.faults < world.left.faults;
}

function traceTo(ways: readonly Way[], end: number): readonly string[] {
  const lines: string[] = [];
  for (let at = end; at > 0; at = ways[at]?.from ?? -1) lines.unshift(ways[at]?.label ?? '');
  return lines;
}

function lineOf(label: string, { leader, host }: World): string {
  const places = host.queues.map(({ id, core }) => `${id}:${core}`).join(' ');
  return `${label} -> ${leader?.phase.name ?? 'no leader'} (${places})`;
}

function hashOf(world: World): string {
  return createHash('sha1').update(canonical(world)).digest('base64');
}
