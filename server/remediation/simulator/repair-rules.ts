import { FourninesError } from '../../../core/runtime/error.ts';
import type { Effect, JournalEntry } from '../machine/effect.ts';
import type { MachineEvent } from '../machine/event.ts';
import { actionInFlight, type CommandId, type MachineState } from '../machine/state.ts';

interface Stepped {
  readonly before: MachineState;
  readonly after: MachineState;
  readonly effects: readonly Effect[];
}

type ApplyEffect = Extract<Effect, { readonly kind: 'apply' }>;

const endings: ReadonlySet<JournalEntry['what']> = new Set([
  ...(['abandoned', 'verified', 'ineffective', 'moot', 'restored', 'halted'] as const),
]);

/** What must hold of every step of a repair, by what went in and came out alone; no guard of the machine is asked. */
export class RepairRules {
  readonly #where: string;
  /** Of the intent that may become a command: its pre-image, as text. */
  readonly #durable = new Map<string, string>();
  #asked: { readonly intent: string; readonly preImage: string } | undefined;
  #last: CommandId = { epoch: 0, seq: 0 };
  /** The change that is not accounted for yet. */
  #open: string | undefined;

  constructor(where: string) {
    this.#where = where;
  }

  stepped(event: MachineEvent, { before, after, effects }: Stepped): void {
    if (event.kind === 'journalled' && event.isDurable && this.#asked?.intent === event.intent)
      this.#durable.set(event.intent, this.#asked.preImage);
    if (after.epoch < before.epoch) this.#fail(after, 'an epoch went back');
    for (const effect of effects) this.#effect(after, effect);
    const action = actionInFlight(after);
    if (action === null && this.#open !== undefined) this.#fail(after, `nobody answers for ${this.#open}`);
    if (before.phase.name === 'suppressed' && effects.some(({ kind }) => kind === 'apply'))
      this.#fail(after, 'a change while suppressed');
  }

  #effect(state: MachineState, effect: Effect): void {
    if ('command' in effect) this.#numbered(state, effect.command);
    switch (effect.kind) {
      case 'journalIntent': {
        const { intent, preImage } = effect.action;
        this.#asked = { intent, preImage: JSON.stringify(preImage) };
        return;
      }
      case 'apply':
        this.#applied(state, effect);
        return;
      case 'rollback':
        if (this.#durable.get(effect.intent) !== JSON.stringify(effect.preImage))
          this.#fail(state, 'a rollback to what was never written down');
        this.#open = effect.intent;
        return;
      case 'journal':
        this.#journalled(state, effect.entry);
        return;
      default:
    }
  }

  #applied(state: MachineState, { intent, preImage, moves }: ApplyEffect): void {
    if (this.#open !== undefined) this.#fail(state, 'two changes at once');
    if (this.#durable.get(intent) !== JSON.stringify(preImage)) this.#fail(state, 'a change that was not written down');
    if (moves.length === 0) this.#fail(state, 'a change of nothing');
    if (state.scope.frozen || state.killedBy.length > 0) this.#fail(state, 'a change while frozen or killed');
    // Of earlier ones nothing can be undone any more.
    for (const other of this.#durable.keys()) if (other !== intent) this.#durable.delete(other);
    this.#open = intent;
  }

  /** Every change comes to an end that is written down; one that stays with what was foretold and what came. */
  #journalled(state: MachineState, { intent, what, observedMaxUsagePpm }: JournalEntry): void {
    if ((what === 'verified' || what === 'ineffective') && observedMaxUsagePpm === null)
      this.#fail(state, 'a change stays of which nobody knows what came');
    if (endings.has(what) && intent === this.#open) this.#open = undefined;
  }

  #numbered(state: MachineState, { epoch, seq }: CommandId): void {
    const isLater = epoch > this.#last.epoch || (epoch === this.#last.epoch && seq >= this.#last.seq);
    if (!isLater) this.#fail(state, 'a command with an old number');
    this.#last = { epoch, seq };
  }

  #fail({ clock, phase }: MachineState, what: string): never {
    throw new FourninesError('FN_INTERNAL', `${this.#where}, second ${clock.own / 1_000}, ${phase.name}: ${what}`);
  }
}
