/**
 * What a plan is made from: everything it depends on, and nothing else. Loads are integers in millionths (ppm) of one whole
 * core of the queue's own node.
 */
export interface PlanInput {
  /** Unix ms. */
  readonly at: number;
  readonly pmds: readonly Pmd[];
  readonly rxqs: readonly Rxq[];
  readonly limits: PlanLimits;
  /** Ports whose service burns its budget now. */
  readonly burning: readonly string[];
  /** Somebody wants nothing to be moved. */
  readonly frozen: boolean;
}

/** A polling thread, known by its core. */
export interface Pmd {
  readonly core: number;
  readonly numa: number;
  readonly overheadPpm: number;
  /** Taken from it after involuntary switches and by interrupts; not the wake-up delay of one that sleeps. */
  readonly stolenPpm: number;
}

export interface Rxq {
  readonly id: string;
  readonly port: string;
  readonly queue: number;
  /** The node of its port. */
  readonly numa: number;
  /** Where it is polled. */
  readonly core: number;
  readonly usagePpm: number;
  /** null: nobody tells. It decides nothing. */
  readonly pps: number | null;
  readonly pin: 'operator' | null;
  readonly vm: string | null;
  /** When it was moved last, unix ms; null: not that anybody knows. */
  readonly movedAt: number | null;
  /** Queues of one group are to be on different threads. */
  readonly group: string | null;
}

export interface PlanLimits {
  /** 0 to 3. Up to two the search is exact. */
  readonly maxMoves: number;
  /** From this use of the busiest thread on something may be done, though nothing burns. */
  readonly enterPpm: number;
  readonly acceptPpm: number;
  /** Below it, less is no better. */
  readonly settlePpm: number;
  readonly gainPpm: number;
  readonly vmSharePpm: number;
  readonly stolenMaxPpm: number;
  readonly queueHoldMs: number;
}

/** As of most inputs: bounds within which every number that decides is an exact integer below 2^52. */
export const planBounds = { pmds: 256, rxqs: 1_024, usagePpm: 2_000_000, movesMax: 3 } as const;
