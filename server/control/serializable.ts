import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import type { ControlSession } from './control-store.ts';

const attemptsMax = 8;
const backoffMsMax = 200;

/** One connection on which a transaction can run. */
export interface TransactionRoom {
  readonly session: ControlSession;
  /** The connection is in an unknown state: it must not be used again. */
  spoil(): void;
}

/**
 * BEGIN, `work`, COMMIT; again, after a random pause, when the database says that it could not be serialized.
 * `onConflict` is told of each such round.
 */
export async function serializable<T>(
  room: TransactionRoom,
  work: (session: ControlSession) => Promise<T>,
  signal: AbortSignal,
  onConflict: () => void,
): Promise<T> {
  const { session } = room;
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    await session.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
    try {
      const result = await work(session);
      await session.query('COMMIT');
      return result;
    } catch (error) {
      // A connection that cannot even roll back is of no use to anybody.
      await session.query('ROLLBACK').catch(() => room.spoil());
      if (toFourninesError(error).code !== 'FN_CONTROL_CONFLICT' || attempt === attemptsMax) throw error;
    }
    onConflict();
    await sleepMs(Math.random() * Math.min(backoffMsMax, 5 * 2 ** attempt), signal);
  }
}
