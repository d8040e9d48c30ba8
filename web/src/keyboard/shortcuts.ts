/** Which keys do what. Pure; the list is also what the help shows. */

export type Action =
  | 'focusFilter'
  | 'openHelp'
  | 'goFleet'
  | 'goPorts'
  | 'goAdvice'
  | 'goObjectives'
  | 'goTenants'
  | 'goBreaches'
  | 'goExclusions'
  | 'goNotifications'
  | 'goSilences'
  | 'shiftBack'
  | 'shiftForward'
  | 'zoomIn'
  | 'zoomOut'
  | 'toggleTheme'
  | 'toggleZone';

export interface Shortcut {
  /** One key, or two after each other. */
  readonly keys: readonly string[];
  readonly action: Action;
  readonly text: string;
}

export const shortcuts: readonly Shortcut[] = [
  { keys: ['/'], action: 'focusFilter', text: 'Go to the filter' },
  { keys: ['g', 'f'], action: 'goFleet', text: 'Go to the fleet' },
  { keys: ['g', 'p'], action: 'goPorts', text: 'Go to all ports' },
  { keys: ['g', 'a'], action: 'goAdvice', text: 'Go to the advice' },
  { keys: ['g', 'o'], action: 'goObjectives', text: 'Go to the objectives' },
  { keys: ['g', 't'], action: 'goTenants', text: 'Go to the tenants' },
  { keys: ['g', 'b'], action: 'goBreaches', text: 'Go to the breaches' },
  { keys: ['g', 'x'], action: 'goExclusions', text: 'Go to the exclusions' },
  { keys: ['g', 'n'], action: 'goNotifications', text: 'Go to the notifications' },
  { keys: ['g', 's'], action: 'goSilences', text: 'Go to the silences' },
  { keys: ['['], action: 'shiftBack', text: 'Earlier by half the range' },
  { keys: [']'], action: 'shiftForward', text: 'Later by half the range' },
  { keys: ['+'], action: 'zoomIn', text: 'Shorter range' },
  { keys: ['-'], action: 'zoomOut', text: 'Longer range' },
  { keys: ['t'], action: 'toggleTheme', text: 'Dark or light' },
  { keys: ['u'], action: 'toggleZone', text: 'UTC or local time' },
  { keys: ['?'], action: 'openHelp', text: 'This help' },
];

/** The second key of a pair must follow within this time. */
export const pairWithinMs = 1_000;

/** `before` is the key pressed before, if it was recent. */
export function actionOf(key: string, before: string | null): Action | null {
  const pair = shortcuts.find(({ keys }) => keys.length === 2 && keys[0] === before && keys[1] === key);
  if (pair !== undefined) return pair.action;
  // `+` without shift on many keyboards.
  const pressed = key === '=' ? '+' : key;
  return shortcuts.find(({ keys }) => keys.length === 1 && keys[0] === pressed)?.action ?? null;
}
