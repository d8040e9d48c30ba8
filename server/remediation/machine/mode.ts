import type { Settings } from './settings.ts';
import type { MachineState, Mode } from './state.ts';

/** The mode that holds: what an operator set, or less. */
export function modeNow({ mode, killedBy, scope, history, clock, cleanPlans }: MachineState, settings: Settings): Mode {
  if (mode === 'off' || killedBy.length > 0) return 'off';
  if (mode === 'advise' || scope.frozen || scope.adviseOnly) return 'advise';
  if (mode === 'approve' || cleanPlans < settings.limits.cleanPlansMin) return 'approve';
  const { approvalForcedUntilAt, errorsPpm } = history;
  if (approvalForcedUntilAt !== null && approvalForcedUntilAt > clock.own) return 'approve';
  return isCalibrated(errorsPpm, settings) ? 'auto' : 'approve';
}

/** Predictions that are too far from what came do not act alone; of a few verdicts the clean plans before them say more. */
function isCalibrated(errorsPpm: readonly number[], { limits }: Settings): boolean {
  if (errorsPpm.length < limits.verdictsMin) return true;
  const sum = errorsPpm.reduce((total, each) => total + each, 0);
  return sum <= limits.predictionErrorMaxPpm * errorsPpm.length;
}
