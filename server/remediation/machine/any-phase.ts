import { release, toHalt, toIdle, toPause, toReconcile, toRollback } from './entering.ts';
import type { EventOf, MachineEvent } from './event.ts';
import { actionInFlight, type Lease } from './state.ts';
import type { Turn } from './turn.ts';

/** What is taken in whichever phase it comes. */
export function anyPhase(turn: Turn, event: MachineEvent): void {
  switch (event.kind) {
    case 'recovered':
      recover(turn);
      return;
    case 'lease':
      leased(turn, event);
      return;
    case 'leaseLost':
      takeLease(turn, null);
      return;
    case 'mode':
      turn.set({ mode: event.mode, cleanPlans: event.cleanPlans });
      if (event.mode === 'off') leaveBeforeWriting(turn, 'switched off');
      return;
    case 'killed':
      if (!turn.state.killedBy.includes(event.by)) turn.set({ killedBy: [...turn.state.killedBy, event.by] });
      leaveBeforeWriting(turn, 'killed');
      return;
    case 'cleared':
      cleared(turn);
      return;
    case 'scope':
      turn.set({ scope: { frozen: event.frozen, adviseOnly: event.adviseOnly } });
      return;
    case 'foreign':
      touched(turn, event);
      return;
    case 'measured':
      soaked(turn, event);
      return;
    default:
  }
}

/** A human has looked: what was held since the halt is let go. */
function cleared(turn: Turn): void {
  turn.set({ killedBy: [] });
  const { phase } = turn.state;
  if (phase.name !== 'halt') return;
  if (phase.action !== null) turn.emit({ kind: 'release', proposal: phase.action.proposal.id });
  toIdle(turn);
}

/** Nothing was written yet: all that was begun is dropped. What may have been written is seen to its end. */
function leaveBeforeWriting(turn: Turn, why: string): void {
  if (dropped(turn, why)) toIdle(turn);
}

function dropped(turn: Turn, why: string): boolean {
  const { phase } = turn.state;
  switch (phase.name) {
    case 'await':
      turn.emit({ kind: 'withdrawRequest', proposal: phase.attempt.proposal.id });
      return true;
    case 'precheck':
      if (phase.action !== null) turn.journal(phase.action, 'abandoned', why);
      release(turn, phase.attempt);
      return true;
    case 'acquire':
      release(turn, phase.attempt);
      return true;
    case 'suspect':
    case 'diagnose':
    case 'plan':
    case 'advised':
      return true;
    default:
      return false;
  }
}

/** Another process goes on with what is stored; what it asked for, nobody will answer. */
function recover(turn: Turn): void {
  turn.set({ lease: null });
  const { name } = turn.state.phase;
  // What was not commanded by the stored state was not commanded at all: it is stored first.
  if (name === 'acquire' || name === 'precheck') {
    if (dropped(turn, 'restarted')) toPause(turn);
  } else leaveBeforeWriting(turn, 'restarted');
}

function leased(turn: Turn, { epoch, forMs }: EventOf<'lease'>): void {
  if (epoch < turn.state.epoch) return;
  const isNew = epoch > turn.state.epoch || turn.state.lease === null;
  if (epoch > turn.state.epoch) turn.set({ epoch, seq: 0 });
  takeLease(turn, { epoch, endsAt: turn.now + forMs });
  const action = actionInFlight(turn.state);
  if (isNew && action !== null) toReconcile(turn, action);
}

export function takeLease(turn: Turn, lease: Lease | null): void {
  turn.set({ lease });
  const { phase } = turn.state;
  if (lease !== null || (phase.name !== 'acquire' && phase.name !== 'precheck')) return;
  if (dropped(turn, 'the lease is lost')) toPause(turn);
}

/** Somebody else has a hand on the host: no two of them. */
function touched(turn: Turn, { what }: EventOf<'foreign'>): void {
  turn.remember({ foreignAt: turn.now });
  turn.set({ soak: null });
  const action = actionInFlight(turn.state);
  if (action !== null) toHalt(turn, action, `somebody changed ${what} meanwhile`);
  else if (dropped(turn, `somebody changed ${what}`)) toPause(turn);
}

/** A change that was confirmed turns out badly after all. */
function soaked(turn: Turn, { intent, verdict }: EventOf<'measured'>): void {
  const { soak, phase } = turn.state;
  if (soak === null || soak.action.intent !== intent || verdict !== 'worse') return;
  if (actionInFlight(turn.state) !== null || phase.name === 'halt') return;
  dropped(turn, 'an earlier change is undone');
  toRollback(turn, soak.action, 'worse while it was watched');
}
