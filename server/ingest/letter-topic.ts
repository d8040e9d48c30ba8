import type { LogSink } from '../../core/bus/log.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Refused } from './admit.ts';
import { Retry } from './retry.ts';

/** Letters are in the table whatever becomes of their topic: nobody waits for it for long. */
const attemptsMax = 4;
const answerDeadlineMs = 5_000;

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
      await answered(sink.append(id, Buffer.from(JSON.stringify({ ...told, bytes }))), signal);
      return;
    } catch (failure) {
      const { code, retryable } = toFourninesError(failure);
      if (code === 'FN_BUS_RECORD_TOO_LARGE' && bytes !== null) bytes = null;
      else if (!retryable || retry.failures + 1 >= attemptsMax) throw failure;
      else await retry.wait(signal);
    }
  }
}

/** A sink may try for as long as it lives; whoever stores does not wait for it. */
async function answered(append: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(answerDeadlineMs)]);
  const given = Promise.withResolvers<never>();
  const giveUp = () => given.reject(new FourninesError('FN_BUS_CLOSED', 'the topic of letters does not answer'));
  late.addEventListener('abort', giveUp, { once: true });
  await Promise.race([append, given.promise]).finally(() => late.removeEventListener('abort', giveUp));
}
