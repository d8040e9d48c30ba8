import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LogSink } from '../../core/bus/log.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { messageBytesMax } from '../../core/wire/message.ts';
import { AcknowledgedFile } from './acknowledged-file.ts';
import { type Disk, type DiskFile, diskError, nodeDisk } from './disk.ts';
import { encodeRecord, encodeSegmentHeader, type RecordWhat, recordBytes } from './format.ts';
import { type Position, recover, type Segment, segmentName } from './recover.ts';

/** Appends that wait for the disk at once; an agent has one. */
const waitingMax = 1024;
/** So many segments fit into the bound at least, so that acknowledged ones can be given back one by one. */
const segmentsMin = 8;

export interface SpoolOptions {
  readonly folder: string;
  readonly host: string;
  readonly bootId: string;
  /** Bytes of all segments; beyond, ticks are refused. */
  readonly bytesMax: number;
  readonly segmentBytes: number;
  /** How often written bytes are forced onto the medium. A power cut costs at most what was answered since. */
  readonly fsyncMs: number;
  readonly logger: Logger;
  readonly nowMs: () => number;
  readonly disk?: Disk;
  readonly recordBytesMax?: number;
}

export interface SpoolStats {
  readonly id: string;
  readonly nextSeq: bigint;
  /** All segments, those kept for a restart included. */
  readonly bytes: number;
  readonly bytesMax: number;
  readonly backlogTicks: number;
  readonly backlogBytes: number;
  /** Ticks refused since start: no room. */
  readonly refused: number;
  /** Failed fsyncs since start. */
  readonly syncFailures: number;
}

/**
 * Ticks on disk before the bus: append-only segments (format.ts). An append is answered when the system has its bytes, so
 * a kill at any instant loses nothing that was answered; a power cut costs what was answered in the last `fsyncMs`, as far
 * as the bus had not taken it yet. With no room, new ticks are refused and nothing that is there is touched.
 *
 * Segments whose ticks are all acknowledged are removed, but for those from the last but one checkpoint on: a restarted
 * collector reads its counters back from them.
 */
export class Spool implements LogSink {
  readonly #options: Required<SpoolOptions>;
  readonly #release: () => void;
  readonly #acknowledged: AcknowledgedFile;
  readonly #timer: NodeJS.Timeout;
  readonly #listeners = new Set<() => void>();
  #segments: Segment[];
  #id: string;
  #nextSeq: bigint;
  /** The file of the last segment; undefined: the next append begins a new one. */
  #file: DiskFile | undefined;
  /** Full segments that are not yet synced. */
  #retired: DiskFile[] = [];
  #dirty = false;
  #namesDirty = false;
  #syncing: Promise<void> | undefined;
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  #refused = 0;
  #syncFailures = 0;
  /** Segments in which the last two checkpoints of this run begin. */
  #checkpoints: number[] = [];

  /**
   * Takes the folder and reads what is in it. Throws FN_FOLDER_LOCKED, FN_SPOOL_FOREIGN (the spool of another host),
   * FN_FOLDER or FN_SPOOL (it cannot be read).
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const whole = { disk: nodeDisk, recordBytesMax: messageBytesMax, ...options };
    const { disk, folder, logger } = whole;
    const lock = disk.lock(folder);
    try {
      const recovered = await recover(disk, folder, whole);
      const { identity, why, tornBytes, segments } = recovered;
      const id = identity?.id ?? randomBytes(8).toString('hex');
      const fields = { folder, id, segments: segments.length, tornBytes };
      if (why === 'damagedEnd') logger.warn(fields, 'the end of the spool is damaged: a new identity begins');
      else logger.info({ ...fields, new: why ?? false }, 'spool opened');
      const last = segments.at(-1);
      const file = identity === undefined || last === undefined ? undefined : await disk.open(last.path, 'existing');
      const acknowledged = await AcknowledgedFile.open(disk, join(folder, 'acknowledged'), recovered, logger);
      return new Spool(whole, lock.release, segments, { id, nextSeq: identity?.nextSeq ?? 0n, file }, acknowledged);
    } catch (error) {
      lock.release();
      throw diskError(error, `the spool ${folder} cannot be opened`);
    }
  }

  private constructor(
    options: Required<SpoolOptions>,
    release: () => void,
    segments: readonly Segment[],
    going: { readonly id: string; readonly nextSeq: bigint; readonly file: DiskFile | undefined },
    acknowledged: AcknowledgedFile,
  ) {
    const { bytesMax, segmentBytes } = options;
    this.#options = { ...options, segmentBytes: Math.min(segmentBytes, Math.floor(bytesMax / segmentsMin)) };
    this.#release = release;
    this.#segments = [...segments];
    this.#id = going.id;
    this.#nextSeq = going.nextSeq;
    this.#file = going.file;
    this.#acknowledged = acknowledged;
    this.#timer = setInterval(() => void this.sync(), options.fsyncMs);
    this.#timer.unref();
  }

  /** Random, made with the spool: 16 hex digits. */
  get id(): string {
    return this.#id;
  }

  /** Sequence of the next tick that is taken. */
  get nextSeq(): bigint {
    return this.#nextSeq;
  }

  get host(): string {
    return this.#options.host;
  }

  get folder(): string {
    return this.#options.folder;
  }

  get disk(): Disk {
    return this.#options.disk;
  }

  /** Oldest first; the last one grows. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Everything before it is on the bus. */
  get acknowledged(): Position {
    return this.#acknowledged.position ?? { segment: 0, offset: 0, seq: 0n };
  }

  stats(): SpoolStats {
    const { segment: at, offset, seq } = this.acknowledged;
    let [backlogBytes, backlogTicks] = [0, 0n];
    for (const { number, header, start, end, endSeq } of this.#segments) {
      if (number < at) continue;
      backlogBytes += end - (number === at ? offset : start);
      const [from, to] = [number === at ? seq : header?.firstSeq, endSeq];
      if (from !== undefined && to !== undefined && to > from) backlogTicks += to - from;
    }
    return {
      id: this.#id,
      nextSeq: this.#nextSeq,
      bytes: this.#bytes(),
      bytesMax: this.#options.bytesMax,
      backlogTicks: Number(backlogTicks),
      backlogBytes,
      refused: this.#refused,
      syncFailures: this.#syncFailures,
    };
  }

  /** Called after each append; gives what takes the listener away. */
  onAppend(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Resolves when the tick is in the spool; `offset` is its sequence. Rejects with FN_SPOOL_FULL (nothing was kept),
   * FN_SPOOL (the disk failed; nothing was kept), FN_BUS_RECORD_TOO_LARGE, FN_BUS_CLOSED.
   */
  append(key: string, value: Uint8Array): Promise<{ readonly partition: number; readonly offset: bigint }> {
    return this.#enqueue(async () => {
      try {
        await this.#write('tick', key, value);
      } catch (error) {
        if (toFourninesError(error).code === 'FN_SPOOL_FULL') this.#refused++;
        throw error;
      }
      const offset = this.#nextSeq++;
      const last = this.#segments.at(-1);
      if (last !== undefined) last.endSeq = this.#nextSeq;
      for (const listener of this.#listeners) listener();
      return { partition: 0, offset };
    });
  }

  /** Writes a checkpoint, which never goes to the bus. Rejects as `append` does; then the one before it still counts. */
  keepCheckpoint(parts: readonly Uint8Array[]): Promise<void> {
    return this.#enqueue(async () => {
      let first: number | undefined;
      for (const part of parts) {
        await this.#write('checkpoint', '', part);
        first ??= this.#segments.at(-1)?.number;
      }
      if (first === undefined) return;
      this.#checkpoints = [...this.#checkpoints, first].slice(-2);
      await this.#reclaim(this.#checkpoints.length < 2 ? 0 : (this.#checkpoints[0] as number));
    });
  }

  /** The bus has everything before `position`. */
  acknowledge(position: Position): void {
    const { segment, offset } = this.acknowledged;
    if (position.segment < segment || (position.segment === segment && position.offset <= offset)) return;
    const header = this.#segments.find(({ number }) => number === position.segment)?.header;
    this.#acknowledged.moveTo(position, header?.id ?? this.#id);
  }

  /** Forces onto the medium what is written; never rejects. */
  sync(): Promise<void> {
    this.#syncing ??= this.#syncAll().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  /** Writes and syncs what is due and lets the folder go. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#tail;
    await this.#acknowledged.settle();
    await this.#syncing;
    await this.sync();
    await this.#file?.close().catch(() => undefined);
    await this.#acknowledged.close();
    this.#release();
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new FourninesError('FN_BUS_CLOSED', 'the spool is closed'));
    if (this.#waiting >= waitingMax) {
      this.#refused++;
      return Promise.reject(new FourninesError('FN_SPOOL_FULL', 'too many ticks wait for the disk'));
    }
    this.#waiting++;
    const done = this.#tail.then(work).finally(() => {
      this.#waiting--;
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  async #write(what: RecordWhat, key: string, value: Uint8Array): Promise<void> {
    try {
      await this.#writeOnce(what, key, value);
    } catch (error) {
      // The disk may be full before the bound is reached: what is acknowledged gives room.
      if (toFourninesError(error).code !== 'FN_SPOOL_FULL' || !(await this.#reclaim(Number.POSITIVE_INFINITY)))
        throw error;
      await this.#writeOnce(what, key, value);
    }
  }

  async #writeOnce(what: RecordWhat, key: string, value: Uint8Array): Promise<void> {
    const { recordBytesMax, bytesMax, segmentBytes, nowMs } = this.#options;
    if (value.length > recordBytesMax) {
      throw new FourninesError('FN_BUS_RECORD_TOO_LARGE', `a record of ${value.length} bytes is too large`, {
        context: { bytes: value.length, bytesMax: recordBytesMax, key },
      });
    }
    const bytes = recordBytes(key, value);
    if (this.#bytes() + bytes > bytesMax) await this.#makeRoom(bytes);
    const active = this.#segments.at(-1);
    const isFull = active !== undefined && active.end > active.start && active.end + bytes > segmentBytes;
    if (this.#file === undefined || isFull) await this.#begin();
    const [file, segment] = [this.#file, this.#segments.at(-1)] as [DiskFile, Segment];
    try {
      await file.write(encodeRecord({ what, seq: this.#nextSeq, appendedAtMs: nowMs(), key, value }), segment.end);
    } catch (error) {
      // What of it was written must not stand before the next record. If it cannot be cut off, the next segment begins.
      await file.truncate(segment.end).catch(() => this.#retire());
      throw diskError(error, 'the spool cannot be written');
    }
    segment.end += bytes;
    this.#dirty = true;
  }

  /** Begins a segment behind the last. */
  async #begin(): Promise<void> {
    const { disk, folder, host, bootId } = this.#options;
    const number = (this.#segments.at(-1)?.number ?? 0) + 1;
    const path = join(folder, segmentName(number));
    const header = { id: this.#id, firstSeq: this.#nextSeq, host, bootId };
    const bytes = encodeSegmentHeader(header);
    let file: DiskFile | undefined;
    try {
      file = await disk.open(path, 'any');
      await file.truncate(0);
      await file.write(bytes, 0);
    } catch (error) {
      await file?.close().catch(() => undefined);
      await disk.remove(path).catch(() => undefined);
      throw diskError(error, 'no segment can be added to the spool');
    }
    this.#retire();
    this.#file = file;
    const segment = { number, path, header, start: bytes.length, end: bytes.length, endSeq: this.#nextSeq };
    this.#segments.push(segment);
    this.#acknowledged.position ??= { segment: number, offset: segment.start, seq: this.#nextSeq };
    this.#namesDirty = true;
  }

  #retire(): void {
    if (this.#file !== undefined) this.#retired.push(this.#file);
    this.#file = undefined;
  }

  /** First what no restart reads; `#write` gives away the rest of what is acknowledged before it refuses a tick. */
  async #makeRoom(bytes: number): Promise<void> {
    await this.#reclaim(this.#checkpoints.at(-1) ?? Number.POSITIVE_INFINITY);
    const held = this.#bytes();
    if (held + bytes <= this.#options.bytesMax) return;
    throw new FourninesError('FN_SPOOL_FULL', 'the spool is full', {
      context: { heldBytes: held, bytesMax: this.#options.bytesMax },
    });
  }

  /** Removes what is acknowledged and before the segment `keepFrom`; never the last one. False: there was nothing. */
  async #reclaim(keepFrom: number): Promise<boolean> {
    for (let removed = false; ; removed = true) {
      const [oldest] = this.#segments;
      if (oldest === undefined || this.#segments.length < 2) return removed;
      if (oldest.number >= this.acknowledged.segment || oldest.number >= keepFrom) return removed;
      try {
        await this.#options.disk.remove(oldest.path);
      } catch (error) {
        this.#options.logger.warn({ code: diskError(error, '').code, path: oldest.path }, 'segment cannot be removed');
        return removed;
      }
      this.#segments.shift();
    }
  }

  #bytes(): number {
    return this.#segments.reduce((sum, { end }) => sum + end, 0);
  }

  async #syncAll(): Promise<void> {
    const { disk, folder, logger } = this.#options;
    const steps = [
      ...this.#retired.splice(0).map((file) => () => file.sync().finally(() => file.close())),
      async () => {
        // Cleared first: what is written meanwhile is for the next time.
        const isDirty = this.#dirty;
        this.#dirty = false;
        if (isDirty) await this.#file?.sync();
      },
      () => this.#acknowledged.sync(),
      async () => {
        const isDirty = this.#namesDirty;
        this.#namesDirty = false;
        if (isDirty) await disk.syncFolder(folder);
      },
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        const { code, message } = diskError(error, 'fsync failed');
        if (this.#syncFailures++ === 0) logger.warn({ code, reason: message }, 'the spool cannot be forced to disk');
      }
    }
  }
}
