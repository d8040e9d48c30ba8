import { Publisher, type PublisherOptions } from '../../../../collector/spool/publisher.ts';
import { Spool, type SpoolOptions } from '../../../../collector/spool/spool.ts';
import type { LogSink } from '../../../../core/bus/log.ts';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { decodeMessage } from '../../../../core/wire/message.ts';

export const folder = '/spool';

export function openSpool(options: Partial<SpoolOptions> = {}): Promise<Spool> {
  return Spool.open({
    folder,
    host: 'cn1',
    bootId: 'boot-1',
    bytesMax: 1 << 20,
    segmentBytes: 1 << 16,
    fsyncMs: 60_000,
    logger: silentLogger,
    nowMs: () => 1_800_000_000_000,
    ...options,
  });
}

/** Time that passes as soon as somebody waits for it. */
export class FastClock {
  now = 0;

  monoMs(): number {
    return this.now;
  }

  async sleep(delayMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.now += delayMs;
  }
}

/** What came, in order; a message of the spool itself as `lost FROM-TO`. */
export class ListeningSink implements LogSink {
  readonly got: string[] = [];
  readonly values: Uint8Array[] = [];
  /** Called when a tick is handed over; throws to reject it. */
  judge: (text: string) => void = () => undefined;
  /** When the bus, which has the tick, says so. */
  answer: (text: string) => void | Promise<void> = () => undefined;

  async append(_key: string, value: Uint8Array): Promise<{ partition: number; offset: bigint }> {
    const text = textOf(value);
    this.judge(text);
    const offset = BigInt(this.got.push(text) - 1);
    this.values.push(value);
    await this.answer(text);
    return { partition: 0, offset };
  }
}

function textOf(value: Uint8Array): string {
  const text = Buffer.from(value).toString();
  if (!text.startsWith('4N9S')) return text.trimEnd();
  const { seq } = decodeMessage(value);
  return `lost from ${seq}`;
}

export function busFull(): FourninesError {
  return new FourninesError('FN_BUS_FULL', 'the bus is full');
}

export function tick(text: string, bytes = 0): Uint8Array {
  return Buffer.from(text.padEnd(bytes));
}

export function publisherOf(spool: Spool, sink: LogSink, options: Partial<PublisherOptions> = {}): Publisher {
  return new Publisher({
    spool,
    sink,
    bytesPerSecondMax: 1 << 30,
    logger: silentLogger,
    clock: new FastClock(),
    nowMs: () => 1_800_000_000_000,
    random: () => 0.5,
    ...options,
  });
}

/** Delivers everything there is, and stops. */
export async function drain(spool: Spool, sink: LogSink, options: Partial<PublisherOptions> = {}): Promise<Publisher> {
  const publisher = publisherOf(spool, sink, options);
  publisher.start();
  await publisher.stop();
  return publisher;
}

export function firstOccurrences(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
