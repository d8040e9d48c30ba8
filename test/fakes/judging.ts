import type { JudgeRequest, Judging, ObjectiveReading } from '../../server/judge/reading.ts';
import type { Version } from '../../server/objects/object.ts';
import { readObjective } from '../../server/openslo/objective-file.ts';
import { type Evaluation, evaluate } from '../../server/slo/evaluate.ts';
import type { Exclusion, Window } from '../../server/slo/objective.ts';
import { judgedAt } from '../../server/slo/window.ts';
import { type Line, november, objectiveText, read } from '../unit/server/slo/asking.ts';

const hours = { calendar: ['1h', '2026-11-01 00:00:00', 'UTC'], target: '0.999', run: 1 } as const;

/** Judges lines in memory: readings, windows and rows all come from them, by the rules that `evaluate` has. */
export class FakeJudging implements Omit<Judging, 'facts'> {
  readonly objective: Version<'objective'>;
  lines: readonly Line[];
  /** What `rows` and `judge` find; undefined: all lines. */
  stored: readonly Line[] | undefined;
  exclusions: readonly Exclusion[] = [];
  /** Every call of `rows` but the first one waits for it. */
  laterRows: Promise<void> = Promise.resolve();
  at = november;
  #rowsCalls = 0;
  readonly #listeners = new Set<(reading: ObjectiveReading) => void>();

  constructor(name: string, lines: readonly Line[]) {
    const openslo = objectiveText(hours).replace('name: acme }', `name: ${name} }`);
    const body = { service: 'acme', openslo, rolling: null, coverageFloor: '0.999' };
    const recorded = { sha256: 'c'.repeat(64), witness: 'test', recordedAtMs: 0 };
    this.objective = { kind: 'objective', name, version: 1, from: 0, to: null, body, ...recorded };
    this.lines = lines;
  }

  /** Reads the present at an instant, and tells whoever listens. */
  readAt(at: number): void {
    this.at = at;
    const reading = this.reading();
    for (const listener of this.#listeners) listener(reading);
  }

  readings(): readonly ObjectiveReading[] {
    return [];
  }

  reading(): ObjectiveReading {
    const { window } = judgedAt(readObjective('slo.yaml', this.objective.body.openslo), this.at);
    const until = Math.min(this.at, window.to);
    const evaluation = this.#evaluate(this.lines, { window, at: this.at, until });
    const elapsed = this.#evaluate(this.lines, { window: { ...window, to: until }, at: this.at, until });
    const calendar = { window, until, evaluation, elapsed, withoutExclusions: elapsed };
    return {
      objective: this.objective,
      at: this.at,
      calendar,
      rolling: null,
      burn: evaluation.burn.map((tier) => ({ ...tier, at: this.at })),
      stale: null,
    };
  }

  onReading(listener: (reading: ObjectiveReading) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async judge({ window, exclusions }: JudgeRequest): Promise<Evaluation> {
    return this.#evaluate(this.stored ?? this.lines, { window, at: window.to, until: window.to, exclusions });
  }

  async *rows({ window, until = window.to }: Pick<JudgeRequest, 'window' | 'until'>): AsyncIterable<string> {
    this.#rowsCalls++;
    if (this.#rowsCalls > 1) await this.laterRows;
    for (const line of before(this.stored ?? this.lines, until)) yield `${JSON.stringify(line)}\n`;
  }

  #evaluate(
    lines: readonly Line[],
    ask: { window: Window; at: number; until: number; exclusions?: readonly Exclusion[] },
  ) {
    const { window, at, until, exclusions = this.exclusions } = ask;
    const objective = readObjective('slo.yaml', this.objective.body.openslo);
    const text = before(lines, until)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join('');
    return evaluate({ objective, exclusions, window, at, file: read(text, ['p1'], 1 << 16) });
  }
}

/** Lines up to an instant; one that reaches over it is cut. */
function before(lines: readonly Line[], until: number): Line[] {
  return lines.flatMap((line) => {
    const slot = Date.parse(String(line['slot'])) / 1000;
    const repeat = Math.min(Number(line['repeat'] ?? 1), until - slot);
    return repeat <= 0 ? [] : [{ ...line, repeat }];
  });
}
