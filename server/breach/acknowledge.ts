import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import { becameWorse } from '../alerts/became-worse.ts';
import type { NewAct, Road } from '../control/act-log.ts';
import type { BreachStore } from '../control/breach-store.ts';
import { isOngoing } from './breach.ts';
import { type HashedRow, hashedRow, recordOf, rowOf } from './change-row.ts';
import { acknowledge } from './machine.ts';

/** Somebody or the server wrote in between so often: then it is given up. */
const roundsMax = 5;

export interface Acknowledgement {
  readonly by: string;
  readonly comment: string;
  readonly via: Road;
  /** Unix seconds. */
  readonly now: number;
  readonly engine: string;
  /** Number of the change that they saw: FN_STATE_CONFLICT when it became worse or began anew since. Absent: the last one. */
  readonly seenEntry?: number;
  /** Kept with the act. */
  readonly details?: NewAct['details'];
}

/**
 * Marks a breach as seen, whichever server is the one that writes breaches: that one finds another change than it knew, and
 * reads again. Gives the change; undefined: there is no such breach. What is over is given as it is, without a mark.
 */
export async function acknowledgeBreach(
  store: BreachStore,
  id: string,
  { by, comment, via, now, engine, seenEntry, details: more }: Acknowledgement,
): Promise<HashedRow | undefined> {
  for (let round = 1; ; round++) {
    const last = await store.last(id);
    if (last === undefined) return undefined;
    const record = recordOf(last.row.record);
    if (!isOngoing(record.state)) return last;
    if (seenEntry !== undefined && becameWorse((await store.find(id))?.changes ?? [], seenEntry))
      throw new FourninesError('FN_STATE_CONFLICT', `it became worse, or began anew, after change ${seenEntry}`);
    const [change] = acknowledge([record], record, { by, comment, at: now }).changes;
    if (change === undefined) return last;
    const { slo, service, tenant } = last.row;
    const owner = { slo, service, tenant };
    const row = hashedRow(rowOf(change, { owner, previous: last, now, engine, evidence: null, causes: [] }));
    const details = { slo: slo.name, tenant, entry: row.row.entry, ...more };
    const act = { atMs: now * 1_000, by, via, act: 'breach.acknowledged', subject: id, comment, details } as const;
    try {
      await store.append([{ ...row, bundle: undefined }], act);
      return row;
    } catch (error) {
      if (toFourninesError(error).code !== 'FN_LEASE_LOST' || round === roundsMax) throw error;
    }
  }
}
