import { assert } from '../../core/runtime/error.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { ToldEvent } from '../control/block-ledger.ts';
import type { HostState, Speakers, StreamState } from '../control/speakers.ts';
import { type Range, rangesOf, rangesText } from './offset-ranges.ts';

/** What a record says of itself; no head: it cannot be read. */
export interface RecordHead {
  readonly offset: bigint;
  readonly appendedAtMs: number;
  readonly head:
    | { readonly host: string; readonly stream: string; readonly seq: bigint; readonly slot: number }
    | undefined;
  /** Why it may not be stored, whoever sent it. */
  readonly refusal: ErrorCode | undefined;
}

export interface StreamRules {
  /** A second stream of a host is kept out until the first has told no slot for so long. 0: it takes over at once. */
  readonly fenceSilentSeconds: number;
  /** Holes of one stream that are remembered. */
  readonly gapsMax: number;
}

/** Stored already, at another offset. */
export const duplicate = 'duplicate';
export type LeftOutReason = ErrorCode | typeof duplicate;

export interface Verdict {
  readonly leftOut: ReadonlyMap<bigint, LeftOutReason>;
  readonly told: readonly ToldEvent[];
  /** The state of whoever spoke, afterwards. */
  readonly changed: Speakers;
}

/**
 * Decides, in offset order, which records of a block are stored. A message is its (stream, seq): the same one at another
 * offset is left out, one that comes late fills its hole, holes and changes of stream are told. Pure.
 */
export function judgeBlock(records: readonly RecordHead[], known: Speakers, rules: StreamRules): Verdict {
  const judge = new Judge(known, rules);
  for (const record of records) judge.take(record);
  return judge.verdict();
}

class Judge {
  readonly #rules: StreamRules;
  readonly #streams = new Map<string, SeqSet>();
  readonly #hosts = new Map<string, HostState>();
  readonly #touchedHosts = new Set<string>();
  readonly #leftOut = new Map<bigint, LeftOutReason>();
  readonly #told: ToldEvent[] = [];
  readonly #fenced = new Set<string>();

  constructor({ streams, hosts }: Speakers, rules: StreamRules) {
    this.#rules = rules;
    for (const state of streams) this.#streams.set(keyOf(state), new SeqSet(state, rules.gapsMax));
    for (const state of hosts) this.#hosts.set(state.host, state);
  }

  take({ offset, appendedAtMs, head, refusal }: RecordHead): void {
    if (head === undefined) {
      assert(refusal !== undefined, 'a record without a head is refused');
      this.#leftOut.set(offset, refusal);
      return;
    }
    const stream = this.#streamOf(head, appendedAtMs);
    const standing = stream.standingOf(head.seq);
    const isNews = standing === 'new' || standing === 'missing';
    if (refusal !== undefined) {
      // Poison is kept whatever it calls itself, and never makes a speaker: it could keep the true one out.
      this.#leftOut.set(offset, refusal);
      if (isNews && this.#hosts.get(head.host)?.stream === head.stream) stream.refuse(head.seq, appendedAtMs);
    } else if (!isNews) this.#leftOut.set(offset, standing === 'stored' ? duplicate : 'FN_SEQ_FORGOTTEN');
    else if (this.#maySpeak(head, appendedAtMs)) stream.store(head.seq, appendedAtMs);
    else this.#leftOut.set(offset, 'FN_HOST_FENCED');
  }

  verdict(): Verdict {
    const touched = [...this.#streams.values()].filter((stream) => stream.touched);
    const holes = touched.flatMap((stream) => stream.newHoles());
    return {
      leftOut: this.#leftOut,
      told: [...this.#told, ...holes],
      changed: {
        streams: touched.map((stream) => stream.state()),
        hosts: [...this.#touchedHosts].map((host) => this.#hosts.get(host) as HostState),
      },
    };
  }

  #streamOf(head: { host: string; stream: string; seq: bigint }, atMs: number): SeqSet {
    const key = keyOf(head);
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      const { host, stream: name, seq } = head;
      // What came before the first that is seen was told to somebody else, or never; it may still come.
      const gaps = seq === 0n ? '' : `0-${seq - 1n}`;
      stream = new SeqSet({ host, stream: name, highest: seq - 1n, floor: 0n, gaps }, this.#rules.gapsMax);
      this.#streams.set(key, stream);
      if (seq > 0n) stream.joined = { host, atMs, event: 'stream_joined', detail: { stream: name, seq: String(seq) } };
    }
    return stream;
  }

  #maySpeak({ host, stream, slot }: { host: string; stream: string; slot: number }, atMs: number): boolean {
    const current = this.#hosts.get(host);
    const newest = BigInt(slot);
    if (current === undefined || current.stream === stream) {
      const newestSlot = current === undefined || newest > current.newestSlot ? newest : current.newestSlot;
      return this.#let({ host, stream, newestSlot, released: current?.released ?? false });
    }
    const { released, newestSlot } = current;
    const silent = newest - newestSlot >= BigInt(this.#rules.fenceSilentSeconds);
    if (released || silent || this.#rules.fenceSilentSeconds === 0) {
      this.#tell(host, atMs, 'stream_changed', { from: current.stream, to: stream });
      return this.#let({ host, stream, newestSlot: newest, released: false });
    }
    if (!this.#fenced.has(keyOf({ host, stream }))) {
      this.#fenced.add(keyOf({ host, stream }));
      this.#tell(host, atMs, 'host_fenced', { current: current.stream, refused: stream });
    }
    return false;
  }

  #let(state: HostState): true {
    this.#hosts.set(state.host, state);
    this.#touchedHosts.add(state.host);
    return true;
  }

  #tell(host: string, atMs: number, event: string, detail: ToldEvent['detail']): void {
    this.#told.push({ host, atMs, event, detail });
  }
}

type Standing = 'new' | 'missing' | 'stored' | 'forgotten';

/** The sequences of one stream that are stored: all up to the highest, but for some gaps. */
class SeqSet {
  touched = false;
  /** Told with the first message that is stored. */
  joined: ToldEvent | undefined;
  readonly #name: { readonly host: string; readonly stream: string };
  readonly #gapsMax: number;
  readonly #highestBefore: bigint;
  readonly #refused = new Set<bigint>();
  #gaps: Range[];
  #highest: bigint;
  readonly #floor: bigint;
  #atMs = 0;

  constructor({ host, stream, highest, floor, gaps }: StreamState, gapsMax: number) {
    this.#name = { host, stream };
    this.#gapsMax = gapsMax;
    this.#highest = highest;
    this.#highestBefore = highest;
    this.#floor = floor;
    this.#gaps = rangesOf(gaps);
  }

  standingOf(seq: bigint): Standing {
    if (seq > this.#highest) return 'new';
    if (seq < this.#floor) return 'forgotten';
    return this.#gaps.some(([from, to]) => from <= seq && seq <= to) ? 'missing' : 'stored';
  }

  store(seq: bigint, atMs: number): void {
    this.#reach(seq, atMs);
    const at = this.#gaps.findIndex(([from, to]) => from <= seq && seq <= to);
    const [from, to] = this.#gaps[at] as Range;
    const rest: Range[] = [
      [from, seq - 1n],
      [seq + 1n, to],
    ];
    this.#gaps.splice(at, 1, ...rest.filter(([first, last]) => first <= last));
  }

  /** It has come, and is not stored: a hole with a reason of its own. */
  refuse(seq: bigint, atMs: number): void {
    this.#reach(seq, atMs);
    this.#refused.add(seq);
  }

  state(): StreamState {
    const { host, stream } = this.#name;
    const forgotten = this.#gaps.slice(0, Math.max(0, this.#gaps.length - this.#gapsMax)).at(-1);
    const floor = forgotten === undefined ? this.#floor : forgotten[1] + 1n;
    return { host, stream, highest: this.#highest, floor, gaps: rangesText(this.#gaps.slice(-this.#gapsMax)) };
  }

  /** Holes above what was known before, but for messages that came and were refused. */
  newHoles(): ToldEvent[] {
    const { host, stream } = this.#name;
    const holes = this.#gaps.flatMap(([from, to]): Range[] => {
      const start = from > this.#highestBefore ? from : this.#highestBefore + 1n;
      const refused = [...this.#refused].filter((seq) => start <= seq && seq <= to).length;
      return to - start + 1n > BigInt(refused) ? [[start, to]] : [];
    });
    const told = holes.map(([from, to]) => ({
      host,
      atMs: this.#atMs,
      event: 'seq_hole',
      detail: { stream, fromSeq: String(from), toSeq: String(to) },
    }));
    return this.joined === undefined ? told : [this.joined, ...told];
  }

  /** Everything up to `seq` is missing for now. */
  #reach(seq: bigint, atMs: number): void {
    this.touched = true;
    this.#atMs = atMs;
    if (seq <= this.#highest) return;
    const last = this.#gaps.at(-1);
    if (last !== undefined && last[1] === this.#highest) last[1] = seq;
    else this.#gaps.push([this.#highest + 1n, seq]);
    this.#highest = seq;
  }
}

function keyOf({ host, stream }: { host: string; stream: string }): string {
  return JSON.stringify([host, stream]);
}
