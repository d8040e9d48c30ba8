import { Lifecycle, type Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';

/** Parts bound their stops themselves; one that takes longer is given up, and the next start goes on from what was kept. */
const stopDeadlineMs = 12_000;
/** A server finishes the blocks it holds and closes two stores: at worst 35 s together. */
export const serverStopDeadlineMs = 45_000;

export interface RunOptions {
  /** Called when all parts run. */
  readonly started: () => void;
  /** Called at the signal, before anything is stopped. */
  readonly stopping?: () => void;
  readonly stopDeadlineMs?: number;
}

/**
 * Starts the parts, runs until SIGINT or SIGTERM, and stops them in reverse; a signal during the start stops what has been
 * started. A second signal, or a stop that takes too long, ends the process at once.
 */
export async function runUntilSignal(parts: readonly Part[], logger: Logger, options: RunOptions): Promise<void> {
  const lifecycle = new Lifecycle(parts, logger);
  const signalled = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  const early = await Promise.race([lifecycle.start().then(() => undefined), signalled]);
  if (early === undefined) options.started();
  const signal = early ?? (await signalled);
  logger.info({ signal }, 'stopping');
  options.stopping?.();
  const deadlineMs = options.stopDeadlineMs ?? stopDeadlineMs;
  const late = setTimeout(() => {
    const unstopped = lifecycle.unstopped.join(', ');
    logger.error({ deadlineMs, unstopped }, 'stopping took too long; ending at once');
    process.exit(1);
  }, deadlineMs);
  await lifecycle.stop();
  clearTimeout(late);
  logger.info({}, 'stopped');
}
