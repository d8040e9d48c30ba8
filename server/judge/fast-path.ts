import type { Direction } from '../../core/catalogue/kind-parts.ts';
import { addHosts } from '../slo/add-hosts.ts';
import type { Span } from '../slo/objective.ts';
import { isLump, type Segment, unknownSegment } from '../slo/segment.ts';
import type { ObjectiveRing } from './objective-ring.ts';
import { ringSlots } from './ring-span.ts';
import type { SourceRing } from './source-ring.ts';

/** A source that tells of a path within [from, to): where the port was then. */
export interface Link extends Span {
  readonly path: FastPath;
  readonly source: SourceRing;
}

/** One port and direction of an objective: what all hosts on which the port was say of it, added up. */
export class FastPath {
  readonly ring: ObjectiveRing;
  readonly links: Link[] = [];
  readonly port: string;
  readonly direction: Direction;
  readonly #id: number;

  constructor(ring: ObjectiveRing, id: number, port: string, direction: Direction) {
    this.ring = ring;
    this.port = port;
    this.direction = direction;
    this.#id = id;
  }

  /** Whether no other host has said anything in the seconds up to `end`. */
  isOnly(source: SourceRing, end: number): boolean {
    for (const link of this.links) if (link.source !== source && link.source.newest > end - ringSlots) return false;
    return true;
  }

  advance(end: number): void {
    this.ring.advance(end);
    for (const { source } of this.links) source.advance(end);
  }

  /** All slots that are known only together with these, on any host. */
  closure(span: Span): Span {
    let wide = span;
    for (;;) {
      let next = wide;
      for (const { source } of this.links) next = source.closure(next);
      if (next.from === wide.from && next.to === wide.to) return wide;
      wide = next;
    }
  }

  /** Adds what is known of a span that is its own closure to the objective, or takes it back. */
  apply(span: Span, sign: 1 | -1): void {
    for (const segment of this.#segments(span)) this.ring.add(this.#id, segment, sign);
  }

  #segments(span: Span): Iterable<Segment> {
    const told = this.links
      .map((link) => link.source.segments(span).flatMap((segment) => inside(segment, link)))
      .filter((segments) => segments.length > 0);
    const [only] = told;
    if (told.length <= 1) return only ?? [];
    return addHosts(told.flat().sort((a, b) => a.from - b.from));
  }
}

/** Of a gap that the end of a placement cuts nobody knows what lies inside. */
function inside(segment: Segment, span: Span): Segment[] {
  const [from, to] = [Math.max(segment.from, span.from), Math.min(segment.to, span.to)];
  if (from >= to) return [];
  if (from === segment.from && to === segment.to) return [segment];
  return isLump(segment.kind) ? [unknownSegment(from, to)] : [{ ...segment, from, to }];
}
