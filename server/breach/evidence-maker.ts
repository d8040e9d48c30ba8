import { sleepMs } from '../../core/runtime/clock.ts';
import { toFourninesError } from '../../core/runtime/error.ts';
import { outOfContract } from '../judge/in-service.ts';
import type { Judging } from '../judge/reading.ts';
import type { Version } from '../objects/object.ts';
import { longestBurnSeconds } from '../slo/burn.ts';
import type { Exclusion, Span } from '../slo/objective.ts';
import { type Evidence, gatherEvidence } from './bundle.ts';
import type { BreachChange, ChangeFacts } from './record.ts';
import { tierSeconds } from './tier-seconds.ts';
import { figuresText } from './window-facts.ts';

export interface EvidenceMakerOptions {
  readonly judging: Pick<Judging, 'rows'>;
  /** Approved ones that touch a span. */
  readonly exclusions: (
    objective: Version<'objective'>,
    span: Span,
    signal: AbortSignal,
  ) => Promise<readonly Exclusion[]>;
  /** How long a change waits for the rows that it was judged by, ms. */
  readonly waitMs: number;
}

/** What a change was judged by, and when. */
export interface EvidenceAsk {
  readonly objective: Version<'objective'>;
  readonly change: BreachChange;
  readonly facts: ChangeFacts;
  /** Take the rows as they are, also where they no longer give the figures of the change: late ones came meanwhile. */
  readonly asIs?: boolean;
}

export type Made = Evidence | { readonly refused: string /** It may be made yet. */; readonly isOwed: boolean };

const readMs = 60_000;
const againMs = 500;

/** Takes the rows behind a change, judges them again, and keeps them when they give the figures of the change. */
export class EvidenceMaker {
  readonly #options: EvidenceMakerOptions;

  constructor(options: EvidenceMakerOptions) {
    this.#options = options;
  }

  /** Never rejects but with the reason of `signal`: a change without a bundle is worth more than none. */
  async make(ask: EvidenceAsk, signal: AbortSignal): Promise<Made> {
    const startedMs = performance.now();
    for (;;) {
      const made = await this.#try(ask, signal);
      if (!('refused' in made) || !made.isOwed) return made;
      if (performance.now() - startedMs + againMs > this.#options.waitMs) return made;
      await sleepMs(againMs, signal);
    }
  }

  async #try({ objective, change, facts, asIs = false }: EvidenceAsk, signal: AbortSignal): Promise<Made> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(readMs)]);
    const { window } = change.record;
    const at = Math.min(change.at, window.to);
    const until = Math.min(facts.until, window.to);
    const read = { from: Math.min(window.from, at - longestBurnSeconds), to: window.to };
    try {
      const approved = await this.#options.exclusions(objective, read, limited);
      const exclusions = [...outOfContract(objective, window), ...approved];
      const verbatim = { from: at - verbatimSeconds(change), to: at };
      const lines = this.#options.judging.rows({ objective, window, until, verbatim }, limited);
      const made = await gatherEvidence({ openslo: objective.body.openslo, exclusions, lines, at });
      if ('refused' in made) return { ...made, isOwed: false };
      if (asIs || figuresText(made.evaluation) === figuresText(facts.evaluation)) return made;
      return { refused: 'the rows that are stored do not give these figures yet', isOwed: true };
    } catch (error) {
      signal.throwIfAborted();
      const { code, retryable } = toFourninesError(error);
      return { refused: `its rows could not be read (${code})`, isOwed: retryable || limited.aborted };
    }
  }
}

/** How far back rows must be there second by second: the long window of the slowest tier that is held. */
function verbatimSeconds({ record, facts }: BreachChange): number {
  if (record.key.subject !== 'burn') return 0;
  const firing = (facts?.burn ?? []).filter(({ state }) => state === 'firing').map(({ tier }) => tier);
  return Math.max(60, ...[...record.held, ...firing].map((tier) => tierSeconds(tier).long));
}
