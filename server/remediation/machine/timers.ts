/** How long each part of a repair may take or must last, ms. Of a monotonic clock: no step of the wall's moves any of them. */
export interface Timers {
  /** A suspicion that nothing confirms is dropped. */
  readonly suspectMs: number;
  readonly diagnoseMs: number;
  readonly planMs: number;
  /** From then on what a plan was made from says nothing of now. */
  readonly planValidMs: number;
  readonly awaitMs: number;
  readonly acquireMs: number;
  readonly precheckMs: number;
  readonly applyMs: number;
  readonly reconcileMs: number;
  /** After so long without an answer what is there is read once more. */
  readonly readAgainMs: number;
  /** A thread that was reloaded measures nothing meanwhile. */
  readonly settleMs: number;
  readonly verifyMs: number;
  readonly soakMs: number;
  readonly rollbackMs: number;
  /** A change that nobody confirmed by then is undone by the host itself. */
  readonly deadManMs: number;
  /** After something that was not begun. */
  readonly pauseMs: number;
  readonly cooldownMs: number;
  /** After a change that did not help, or was undone. */
  readonly penanceMs: number;
  readonly suppressedMaxMs: number;
  /** After a suppression a human must approve for so long. */
  readonly approvalForcedMs: number;
  /** A plan that was told is left to whoever is to act on it. */
  readonly adviceMs: number;
  /** Where there was no plan to tell, it is looked for again. */
  readonly lookAgainMs: number;
  /** A breach is over once all has been calm for so long. */
  readonly overMs: number;
  readonly noReturnMs: number;
  readonly barredMs: number;
  /** After somebody else's hand on the host. */
  readonly standOffMs: number;
  /** What must be left of a lease for a command to go out. */
  readonly leaseLeftMs: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

export const defaultTimers: Timers = {
  ...{ suspectMs: 30 * second, diagnoseMs: 5 * second, planMs: 5 * second, planValidMs: 5 * second },
  ...{ awaitMs: 15 * minute, acquireMs: 3 * second, precheckMs: 3 * second, applyMs: 5 * second },
  ...{ reconcileMs: 10 * second, readAgainMs: 2_500, settleMs: 10 * second, verifyMs: 30 * second, soakMs: 5 * minute },
  ...{ rollbackMs: 10 * second, deadManMs: minute, pauseMs: 30 * second, cooldownMs: 2 * minute },
  ...{ penanceMs: 15 * minute, suppressedMaxMs: hour, approvalForcedMs: 24 * hour, adviceMs: 10 * minute },
  ...{
    lookAgainMs: 15 * second,
    overMs: minute,
    noReturnMs: 30 * minute,
    barredMs: 24 * hour,
    standOffMs: 10 * minute,
    leaseLeftMs: 5 * second,
  },
};
