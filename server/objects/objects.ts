import type { ControlSession, ControlStore } from '../control/control-store.ts';
import {
  aloneInObjects,
  objectRevision,
  type Step,
  versionsAt,
  versionsOf,
  versionsSince,
  versionsWithin,
  writeSteps,
} from '../control/object-versions.ts';
import { type Difference, differencesOf } from './differences.ts';
import { readDocuments, type Source } from './documents.ts';
import type { ObjectKind, Version } from './object.ts';
import { Pauses } from './pauses.ts';
import { type PlannedChange, planApply } from './plan-apply.ts';
import { effectiveInstant, quarterBefore } from './quarter-hour.ts';
import { documentOf, writeDocuments } from './write-documents.ts';

/** Ten thousand documents are checked and written at once. */
const applyDeadlineMs = 60_000;

type Pass = (signal: AbortSignal) => Promise<Disposable>;

export interface ApplyRequest {
  readonly sources: readonly Source[];
  /** RFC 3339; undefined: as soon as can be. */
  readonly from: string | undefined;
  /** Only says what would be done. */
  readonly dryRun: boolean;
  /** Who does it. */
  readonly by: string;
}

export interface AppliedObject {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly change: PlannedChange['change'];
  readonly version: number;
  /** Unix seconds: since when that version holds; of what is retired, when it ends. */
  readonly from: number;
  readonly differences: readonly Difference[];
}

/** Tenants, services, contracts, agreements and objectives: what is promised to whom, and what was promised when. */
export class Objects {
  readonly #store: ControlStore;
  readonly #nowMs: () => number;
  readonly #pass: Pass;

  /** `pass`: leave to write; rejects when there is no room. */
  constructor(store: ControlStore, nowMs: () => number, pass: Pass) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#pass = pass;
  }

  /** Grows with each apply that changed something: cheap to ask for, each second if need be. */
  revision(): Promise<number> {
    return objectRevision(this.#store);
  }

  /** What holds at an instant, unix seconds. */
  at(instant: number): Promise<readonly Version[]> {
    return versionsAt(this.#store, instant);
  }

  /** Whatever holds in some second of [from, to), of one kind or of all. */
  within(span: { readonly from: number; readonly to: number }, kind?: ObjectKind): Promise<readonly Version[]> {
    return versionsWithin(this.#store, span, kind);
  }

  /** All that a name ever was, the first version first. */
  history(kind: ObjectKind, name: string): Promise<readonly Version[]> {
    return versionsOf(this.#store, kind, name);
  }

  /**
   * Does what the documents say, all of it or nothing, and tells object by object what that is. FN_OBJECT_FILE with every
   * mistake in it, when there is one. Whoever lost the answer asks again: what is done already is then `unchanged`.
   */
  async apply({ sources, from: asked, dryRun, by }: ApplyRequest): Promise<readonly AppliedObject[]> {
    const from = asked === undefined ? undefined : effectiveInstant(asked);
    const documents = await readDocuments(sources);
    const work = async (session: ControlSession) => {
      if (!dryRun) await aloneInObjects(session);
      const nowMs = this.#nowMs();
      const since = Math.min(from ?? Number.POSITIVE_INFINITY, quarterBefore(nowMs));
      const known = await versionsSince(session, since, documents);
      const changes = await planApply({ documents, known, from, nowMs });
      const steps = changes.flatMap(stepOf);
      const [first] = changes.filter(({ change }) => change !== 'unchanged');
      if (!dryRun && first !== undefined) await writeSteps(session, steps, first.from, by);
      return changes;
    };
    using _leave = dryRun ? undefined : await this.#pass(AbortSignal.timeout(applyDeadlineMs));
    const changes = await this.#store.transaction(work, { deadlineMs: applyDeadlineMs });
    const pauses = new Pauses();
    const told: AppliedObject[] = [];
    for (const change of changes) {
      told.push(applied(change));
      await pauses.due();
    }
    return told;
  }

  /** Documents of all that holds at an instant; without one, of all that has no end, what begins later included. */
  async export(at?: number): Promise<string> {
    if (at !== undefined) return writeDocuments(await this.at(at));
    const newest = await versionsSince(this.#store, quarterBefore(this.#nowMs()), []);
    return writeDocuments(newest.filter(({ to }) => to === null));
  }
}

function stepOf({ change, document, version, before }: PlannedChange): Step[] {
  if (change === 'unchanged') return [];
  const { kind, name, body, canonical, sha256 } = document;
  const begins = body === undefined ? undefined : { version, canonical, sha256 };
  return [{ kind, name, ends: before?.version, begins }];
}

function applied({ change, document, version, from, before }: PlannedChange): AppliedObject {
  const { kind, name, body } = document;
  const told = { kind, name, change, version, from };
  if (change !== 'changed' || before === undefined || body === undefined) return { ...told, differences: [] };
  return { ...told, differences: differencesOf(documentOf(kind, name, before.body), documentOf(kind, name, body)) };
}
