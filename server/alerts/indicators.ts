import { FourninesError } from '../../core/runtime/error.ts';
import type { Version } from '../objects/object.ts';
import { readObjective } from '../openslo/objective-file.ts';

/** Versions that are remembered: the oldest is read again when it is asked for. */
const keptMax = 1_000;

/** The indicator of each version of an objective, read once: a version never changes. */
export class Indicators {
  readonly #version: (name: string, version: number) => Promise<Version<'objective'> | undefined>;
  readonly #kept = new Map<string, string>();

  constructor(version: (name: string, version: number) => Promise<Version<'objective'> | undefined>) {
    this.#version = version;
  }

  /** Empty: there is no such version any more, or it cannot be read any more; one of them must not hold up the others. */
  async of({ name, version }: { readonly name: string; readonly version: number }): Promise<string> {
    const key = JSON.stringify([name, version]);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const found = await this.#version(name, version);
    if (found === undefined) return '';
    const indicator = indicatorIn(name, found.body.openslo);
    if (indicator === '') return '';
    if (this.#kept.size >= keptMax) this.#kept.delete(this.#kept.keys().next().value ?? '');
    this.#kept.set(key, indicator);
    return indicator;
  }
}

function indicatorIn(name: string, openslo: string): string {
  try {
    return readObjective(name, openslo).sli.sli;
  } catch (error) {
    if (error instanceof FourninesError && !error.retryable) return '';
    throw error;
  }
}
