import type { Logger } from '../../core/runtime/logger.ts';
import { type Disk, type DiskFile, diskError } from './disk.ts';
import { encodeSlot, slotDistance } from './format.ts';
import type { Position } from './recover.ts';

/**
 * Up to where the bus has the spool, on disk. Written as often as the disk keeps up with, the newest position each time: an
 * older one costs repeated ticks, never a lost one.
 */
export class AcknowledgedFile {
  position: Position | undefined;
  readonly #file: DiskFile;
  readonly #logger: Logger;
  #id = '';
  #turn: bigint;
  #written: Position | undefined;
  #writing: Promise<void> | undefined;
  #dirty = false;
  #failed = false;

  static async open(
    disk: Disk,
    path: string,
    from: { readonly acknowledged: Position | undefined; readonly turn: bigint },
    logger: Logger,
  ): Promise<AcknowledgedFile> {
    return new AcknowledgedFile(await disk.open(path, 'any'), from.acknowledged, from.turn, logger);
  }

  private constructor(file: DiskFile, position: Position | undefined, turn: bigint, logger: Logger) {
    this.#file = file;
    this.position = position;
    this.#written = position;
    this.#turn = turn;
    this.#logger = logger;
  }

  /** `id`: spool id of the segment. */
  moveTo(position: Position, id: string): void {
    this.position = position;
    this.#id = id;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Waits until the newest position is written, or has failed to be. */
  async settle(): Promise<void> {
    await this.#writing;
  }

  async sync(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    await this.#file.sync();
  }

  async close(): Promise<void> {
    await this.settle();
    await this.#file.close().catch(() => undefined);
  }

  async #write(): Promise<void> {
    while (this.position !== undefined && this.position !== this.#written) {
      const { position } = this;
      this.#turn++;
      const slot = encodeSlot({ id: this.#id, ...position, turn: this.#turn });
      try {
        await this.#file.write(slot, Number(this.#turn % 2n) * slotDistance);
      } catch (error) {
        // Kept in memory all the same: the next acknowledgement tries again, a restart repeats some ticks.
        if (!this.#failed) {
          const { code, message } = diskError(error, 'the acknowledged position cannot be written');
          this.#logger.warn({ code, reason: message }, 'a restart would repeat ticks');
        }
        this.#failed = true;
        return;
      }
      this.#failed = false;
      this.#written = position;
      this.#dirty = true;
    }
  }
}
