import { charged, msUntil, penaltyAt } from './damping.ts';
import type { GuardName } from './guards.ts';
import type { HostReading } from './host.ts';
import { modeNow } from './mode.ts';
import { type Action, type Attempt, actionInFlight, grants, type Phase, type Proposal } from './state.ts';
import type { Turn } from './turn.ts';

/** How each phase is entered: what goes out with it, and when it must be over. */

export function toPlan(
  turn: Turn,
  { cause, replans, approval }: Omit<Extract<Phase, { name: 'plan' }>, 'name' | 'endsAt'>,
): void {
  turn.go({ name: 'plan', cause, replans, approval, endsAt: turn.now + turn.settings.timers.planMs });
  turn.emit({ kind: 'plan', cause });
}

/** So many pieces of advice are known again; one that is older is told once more. */
const advicesKept = 32;

/**
 * The same advice is told once, until the breach is over. A plan that others must act on, or that a guard holds, has its time; where
 * there is none, there may be one soon, and it is looked for again.
 */
export function toAdvised(turn: Turn, reason: string, proposal: Proposal | null): void {
  const { state, settings, now } = turn;
  const key = `${reason} ${proposal?.fingerprint ?? ''}`;
  if (!state.history.advised.includes(key)) {
    turn.remember({ advised: [...state.history.advised, key].slice(-advicesKept) });
    turn.emit({ kind: 'advise', reason, proposal });
  }
  const { adviceMs, lookAgainMs } = settings.timers;
  turn.go({ name: 'advised', reason, endsAt: now + (proposal === null ? lookAgainMs : adviceMs) });
}

/** A plan that somebody may carry out: now, or once a human says so. */
export function toAttempt(turn: Turn, attempt: Attempt): void {
  const { settings, now, state } = turn;
  const isApproved = attempt.approval?.fingerprint === attempt.proposal.fingerprint;
  const mustAsk = modeNow(state, settings) === 'approve' && !isApproved;
  const guard = turn.failing(mustAsk ? 'ask' : 'acquire', { attempt });
  if (guard !== undefined) {
    turnedDown(turn, guard, attempt);
    return;
  }
  if (mustAsk) {
    const asked = { ...attempt, approval: null };
    turn.go({ name: 'await', attempt: asked, endsAt: now + settings.timers.awaitMs });
    turn.emit({ kind: 'askApproval', attempt: asked });
    return;
  }
  turn.go({ name: 'acquire', attempt, held: [], endsAt: now + settings.timers.acquireMs });
  turn.emit({ kind: 'acquire', proposal: attempt.proposal.id, what: grants });
}

/** A guard stood in the way before anything was written. */
export function turnedDown(turn: Turn, guard: GuardName, attempt: Attempt): void {
  const otherwise = turn.otherwise(guard);
  if (otherwise === 'planAgain') {
    planAgain(turn, attempt, guard);
    return;
  }
  release(turn, attempt);
  if (otherwise === 'leave') toPause(turn);
  else toAdvised(turn, guard, attempt.proposal);
}

/** What the plan was made from is no longer so. */
export function planAgain(turn: Turn, attempt: Attempt, why: string): void {
  release(turn, attempt);
  const replans = attempt.replans + 1;
  if (replans > turn.settings.limits.replansMax) {
    toAdvised(turn, why, attempt.proposal);
    return;
  }
  toPlan(turn, { cause: attempt.proposal.cause, replans, approval: attempt.approval });
}

export function release(turn: Turn, { proposal }: Attempt): void {
  const { name } = turn.state.phase;
  if (name === 'acquire' || name === 'precheck' || actionInFlight(turn.state) !== null)
    turn.emit({ kind: 'release', proposal: proposal.id });
}

export function toPause(turn: Turn): void {
  toCooldown(turn, turn.settings.timers.pauseMs);
}

export function toCooldown(turn: Turn, forMs: number): void {
  turn.go({ name: 'cooldown', endsAt: turn.now + forMs });
}

export function toIdle(turn: Turn): void {
  turn.go({ name: 'idle' });
}

/** Damped: one more change would be one too many. */
export function toSuppressed(turn: Turn): void {
  const { now, settings, state } = turn;
  const { suppressedMaxMs, approvalForcedMs } = settings.timers;
  const forMs = Math.min(
    suppressedMaxMs,
    msUntil(state.history.penalty, settings.damping.reuseAt, now, settings.damping),
  );
  turn.remember({ approvalForcedUntilAt: now + approvalForcedMs });
  turn.go({ name: 'suppressed', endsAt: now + forMs });
  turn.emit({ kind: 'alarm', what: 'suppressed' });
}

export function isDamped({ now, settings, state }: Turn): boolean {
  const { damping } = settings;
  return penaltyAt(state.history.penalty, now, damping) + damping.perAction >= damping.suppressAt;
}

/** Reads what is there under a number of its own, so that no older command can still change it afterwards. */
export function toReconcile(turn: Turn, action: Action, giveUpAt: number | null = null): void {
  const { now, settings } = turn;
  const { readAgainMs, reconcileMs } = settings.timers;
  const until = giveUpAt ?? now + reconcileMs;
  const command = turn.command();
  turn.go({ name: 'reconcile', action, command, giveUpAt: until, endsAt: Math.min(until, now + readAgainMs) });
  turn.emit({ kind: 'readPlacement', command });
}

/** The change stands on the host. */
export function toSettle(turn: Turn, action: Action, host: HostReading | null): void {
  const { now, settings, state } = turn;
  const { damping, timers } = settings;
  const command = turn.command();
  if (!action.isCharged) {
    const { penalty, departures } = state.history;
    const left = action.proposal.moves.map(({ rxq, from }) => ({ rxq, core: from, endsAt: now + timers.noReturnMs }));
    turn.remember({
      penalty: charged(penalty, damping.perAction, now, damping),
      departures: [...departures.filter(({ endsAt }) => endsAt > now), ...left],
    });
    turn.journal(action, 'committed', '');
  }
  const known = { ...action, isCharged: true };
  turn.go({ name: 'settle', action: known, command, isAsPlanned: host !== null, endsAt: now + timers.settleMs });
  turn.emit({ kind: 'measure', intent: action.intent, of: 'guards' });
  if (host === null) turn.emit({ kind: 'readPlacement', command });
}

/** Its effect is to be shown; of one whose queues are gone there is none, and the host need only forget it. */
export function toVerify(turn: Turn, action: Action, verdict: 'moot' | null): void {
  const command = turn.command();
  const endsAt = turn.now + turn.settings.timers.verifyMs;
  turn.go({ name: 'verify', action, command, verdict, observedMaxUsagePpm: null, endsAt });
  if (verdict === null) turn.emit({ kind: 'measure', intent: action.intent, of: 'effect' });
  else turn.emit({ kind: 'confirm', command, intent: action.intent });
}

/** One attempt; what cannot be shown to be as it was is left to a human. */
export function toRollback(turn: Turn, action: Action, why: string, host: HostReading | null = null): void {
  const { now, settings, state } = turn;
  const { damping, timers } = settings;
  const known = { ...action, undo: why, isCharged: true };
  if (action.undo === null) {
    const points = damping.perRollback + (action.isCharged ? 0 : damping.perAction);
    turn.remember({ penalty: charged(state.history.penalty, points, now, damping) });
    bar(turn, action.proposal.fingerprint);
  }
  turn.set({ soak: null });
  const guard = turn.failing('rollback', { attempt: known, host });
  if (guard !== undefined) {
    toHalt(turn, known, `rollback: ${guard}`);
    return;
  }
  const command = turn.command();
  turn.go({ name: 'rollback', action: known, command, isWritten: false, endsAt: now + timers.rollbackMs });
  turn.journal(known, 'undoing', why);
  const { intent, preImage } = known;
  turn.emit({ kind: 'rollback', command, intent, preImage, expiresInMs: timers.rollbackMs });
}

/** A plan, or everything for its cause, is not tried again for a while. */
export function bar(turn: Turn, key: string): void {
  const barred = turn.state.history.barred.filter(({ endsAt }) => endsAt > turn.now);
  turn.remember({ barred: [...barred, { key, endsAt: turn.now + turn.settings.timers.barredMs }] });
}

/** Locks stay: nobody else is to write here either, until a human has looked. */
export function toHalt(turn: Turn, action: Action | null, reason: string): void {
  if (action !== null) turn.journal(action, 'halted', reason);
  turn.go({ name: 'halt', reason, action });
  turn.set({ soak: null });
  turn.emit({ kind: 'alarm', what: `halted: ${reason}` });
}
