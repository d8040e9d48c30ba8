import { systemCode } from '../core/runtime/error.ts';

/** Places of fields in `fieldOfStat`; proc(5) numbers them from 3 more. */
const statFields = { startTicks: 19, processor: 36 } as const;
export type StatField = keyof typeof statFields;

/**
 * A field of /proc/PID/stat or of a thread's. The name before them, in parentheses, may hold anything, spaces and parentheses
 * too, so they are counted from the last one. Undefined: no such field, or no number.
 */
export function fieldOfStat(stat: string, field: StatField): string | undefined {
  const value = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    [statFields[field]]?.trim();
  return value !== undefined && /^\d{1,20}$/.test(value) ? value : undefined;
}

/** Whether a file of /proc could not be read because its process has just ended, or is hidden from us. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM', 'ELOOP'].includes(systemCode(error) ?? '');
}
