import { pino } from 'pino';
import type { Logger } from '../core/runtime/logger.ts';

/** Structured log lines on stderr: stdout belongs to what a command prints. */
export function openLog(level: string): Logger {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ dest: 2, sync: true }),
  );
  return logger;
}
