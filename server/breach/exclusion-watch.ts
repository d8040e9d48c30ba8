import type { ApprovedExclusion } from '../objects/object.ts';
import type { Span } from '../slo/objective.ts';

type Known = ApprovedExclusion & { readonly service: string };

export interface ExclusionSource {
  /** Changes with every change of an exclusion. */
  revision(): Promise<string | number | bigint>;
  /** Approved ones that touch a span. */
  approved(span: Span): Promise<readonly Known[]>;
}

export interface ExcludedNow extends Span {
  readonly service: string;
}

/** Exclusions of so far back still change something, s. */
const backSeconds = 45 * 86_400;
const aheadSeconds = 86_400;

/** Tells where exclusions came, changed or went, whoever approved them and on which server. */
export class ExclusionWatch {
  readonly #source: ExclusionSource;
  #revision = '';
  #known: ReadonlyMap<string, Known> | undefined;

  constructor(source: ExclusionSource) {
    this.#source = source;
  }

  /** What has changed since the last look; nothing at the first. */
  async look(now: number): Promise<readonly ExcludedNow[]> {
    const revision = String(await this.#source.revision());
    if (revision === this.#revision) return [];
    const approved = await this.#source.approved({ from: now - backSeconds, to: now + aheadSeconds });
    const next = new Map(approved.map((each) => [`${each.id} ${each.revision}`, each]));
    const before = this.#known;
    this.#known = next;
    this.#revision = revision;
    if (before === undefined) return [];
    const came = [...next].filter(([key]) => !before.has(key));
    const went = [...before].filter(([key]) => !next.has(key));
    return [...came, ...went].map(([, { service, from, to }]) => ({ service, from, to }));
  }
}
