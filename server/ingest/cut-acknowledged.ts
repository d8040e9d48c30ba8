import type { LogSink } from '../../core/bus/log.ts';

interface Waiting {
  readonly partition: number;
  readonly offset: bigint;
  readonly resolve: () => void;
}

/**
 * In front of a log in memory: an append is answered when its record is in a block that is recorded, which outlives the
 * process. So a spool before it forgets nothing that a kill could still take, and what it sends again after one is
 * known by its sequence. Whoever appends bounds how many answers are outstanding.
 */
export class CutAcknowledged implements LogSink {
  readonly #log: LogSink;
  readonly #ends = new Map<number, bigint>();
  #waiting: Waiting[] = [];

  constructor(log: LogSink) {
    this.#log = log;
  }

  async append(key: string, value: Uint8Array): Promise<{ readonly partition: number; readonly offset: bigint }> {
    const at = await this.#log.append(key, value);
    if (at.offset < (this.#ends.get(at.partition) ?? 0n)) return at;
    await new Promise<void>((resolve) => this.#waiting.push({ ...at, resolve }));
    return at;
  }

  /** Everything below `end` is in recorded blocks: `InserterOptions.onCut`. */
  cut(partition: number, end: bigint): void {
    this.#ends.set(partition, end);
    const isCut = (each: Waiting) => each.partition === partition && each.offset < end;
    for (const each of this.#waiting.filter(isCut)) each.resolve();
    this.#waiting = this.#waiting.filter((each) => !isCut(each));
  }
}
