import { Lifecycle, type Part } from '../core/runtime/lifecycle.ts';
import type { Logger } from '../core/runtime/logger.ts';

/** A stop that takes longer is given up: the next start resumes from what was stored. */
const stopDeadlineMs = 15_000;

/**
 * Starts the parts, runs until SIGINT or SIGTERM (or until `done`), and stops them in reverse. A second signal, or a stop
 * that takes too long, ends the process at once.
 */
export async function runUntilSignal(parts: readonly Part[], logger: Logger, started: () => void): Promise<void> {
  const lifecycle = new Lifecycle(parts, logger);
  const signalled = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(1));
        resolve(signal);
      });
    }
  });
  await lifecycle.start();
  started();
  const signal = await signalled;
  logger.info({ signal }, 'stopping');
  const late = setTimeout(() => {
    logger.error({ stopDeadlineMs }, 'stopping took too long; ending at once');
    process.exit(1);
  }, stopDeadlineMs);
  await lifecycle.stop();
  clearTimeout(late);
  logger.info({}, 'stopped');
}
