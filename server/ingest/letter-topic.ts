import type { LogSink } from '../../core/bus/log.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { Refused } from './admit.ts';
import { Retry } from './retry.ts';

/** Letters are in the table whatever becomes of their topic: nobody waits for it for long. */
const attemptsMax = 4;

/**
 * Appends one letter as a line of JSON, at least once, under the key `topic:partition:offset`; `bytes` is base64, or null
 * when the letter would be too large for the topic with them.
 */
export async function sendLetter(sink: LogSink, topic: string, letter: Refused, signal: AbortSignal): Promise<void> {
  const { record, error } = letter;
  const id = `${topic}:${record.partition}:${record.offset}`;
  const told = { id, key: record.key, code: error.code, reason: error.message };
  const retry = new Retry();
  let bytes: string | null = Buffer.from(record.value).toString('base64');
  for (;;) {
    signal.throwIfAborted();
    try {
      await sink.append(id, Buffer.from(JSON.stringify({ ...told, bytes })));
      return;
    } catch (failure) {
      const { code, retryable } = toFourninesError(failure);
      if (code === 'FN_BUS_RECORD_TOO_LARGE' && bytes !== null) bytes = null;
      else if (!retryable || retry.failures + 1 >= attemptsMax) throw failure;
      else await retry.wait(signal);
    }
  }
}
