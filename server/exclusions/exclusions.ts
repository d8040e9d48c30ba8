import { randomUUID } from 'node:crypto';
import { FourninesError } from '../../core/runtime/error.ts';
import type { ControlCall, ControlSession, ControlStore } from '../control/control-store.ts';
import {
  addExclusionEvent,
  countExclusionEvents,
  type ExclusionFilter,
  listExclusions,
  overlappingExclusions,
  readExclusionEvents,
} from '../control/exclusion-events.ts';
import { sha256Of } from '../objects/canonical-json.ts';
import type { Agreement, ApprovedExclusion } from '../objects/object.ts';
import { type ObjectHistory, ofKind } from '../objects/of-kind.ts';
import type { Span } from '../slo/objective.ts';
import type { ExclusionEvent, ExclusionRequest } from './exclusion.ts';
import { type BrokenRule, changes, checkChange, checkRequest, type ExclusionChange, mayChange } from './rules.ts';

export interface ExclusionsOptions {
  readonly control: ControlStore;
  readonly objects: ObjectHistory;
  readonly nowMs: () => number;
}

/** Either what was recorded, or why nothing was. */
export type Outcome = { readonly event: ExclusionEvent } | { readonly broken: readonly BrokenRule[] };

export interface Decision {
  readonly by: string;
  readonly comment: string;
}

/** Exclusions as they are asked for, decided and used. Each change is one transaction that only adds. */
export class Exclusions {
  readonly #control: ControlStore;
  readonly #objects: ObjectHistory;
  readonly #nowMs: () => number;

  constructor({ control, objects, nowMs }: ExclusionsOptions) {
    this.#control = control;
    this.#objects = objects;
    this.#nowMs = nowMs;
  }

  /** Records a request that breaks no rule. FN_NOT_FOUND: there is no such service. */
  async request(request: ExclusionRequest, call?: ControlCall): Promise<Outcome> {
    const { service, from } = request;
    const versions = await this.#objects.history('service', service);
    if (versions.length === 0) throw new FourninesError('FN_NOT_FOUND', `there is no service ${service}`);
    const life = versions.map((version) => ({ from: version.from, to: version.to ?? Number.POSITIVE_INFINITY }));
    const agreements = ofKind(await this.#objects.at(from), 'agreement').filter(({ body }) => body.service === service);
    const terms = strictestOf(agreements.map(({ body }) => body.exclusions));
    const id = randomUUID();
    return this.#control.transaction(async (session) => {
      const atMs = this.#nowMs();
      const others = await this.#others(session, request);
      const found = checkRequest(request, { life, terms, others, now: Math.floor(atMs / 1000) });
      if (found.broken.length > 0) return { broken: found.broken };
      const { requestedBy: by } = request;
      const event = {
        id,
        revision: 1,
        atMs,
        state: 'requested',
        by,
        comment: '',
        request,
        requestedAtMs: atMs,
      } as const;
      return { event: await addExclusionEvent(session, { ...event, warnings: found.warnings }, undefined) };
    }, call);
  }

  /**
   * Approves, rejects or revokes. FN_NOT_FOUND: no such exclusion. FN_STATE_CONFLICT: its state does not allow it, perhaps
   * because somebody else was faster.
   */
  async change(change: ExclusionChange, id: string, decision: Decision, call?: ControlCall): Promise<Outcome> {
    return this.#control.transaction(async (session) => {
      const last = (await readExclusionEvents(session, id)).at(-1);
      if (last === undefined) throw noSuch(id);
      if (!mayChange(change, last)) throw conflict(change, last);
      // A clock that was set back does not turn the order of events round.
      const atMs = Math.max(this.#nowMs(), last.atMs);
      const found = checkChange(change, last, { by: decision.by, now: Math.floor(atMs / 1000) });
      if (found.broken.length > 0) return { broken: found.broken };
      const { document: _document, sha256: _sha256, previous: _previous, ...before } = last;
      const event = {
        ...before,
        ...{ revision: last.revision + 1, atMs, state: changes[change].to, ...decision },
        warnings: [...last.warnings, ...found.warnings],
      };
      return { event: await addExclusionEvent(session, event, last) };
    }, call);
  }

  /** The newest event of each. */
  list(filter: ExclusionFilter): Promise<readonly ExclusionEvent[]> {
    return listExclusions(this.#control, filter);
  }

  /** Every event of one, the first one first. FN_NOT_FOUND: there is none. */
  async events(id: string): Promise<readonly [ExclusionEvent, ...ExclusionEvent[]]> {
    const [first, ...rest] = await readExclusionEvents(this.#control, id);
    if (first === undefined) throw noSuch(id);
    return [first, ...rest];
  }

  /**
   * What is approved and shares time with a window, in order of time; of one service, or of all. FN_RECORD_CHANGED when a
   * record is not what it was: no verdict may rest on it.
   */
  async approved(
    window: Span,
    service?: string,
  ): Promise<readonly (ApprovedExclusion & { readonly service: string })[]> {
    const events = await overlappingExclusions(this.#control, service ?? '', window, ['approved']);
    return events.map((event) => {
      if (sha256Of(event.document) !== event.sha256) throw changed(event.id);
      const { id, revision, by, request } = event;
      const { from, to, category, reason } = request;
      return { id, revision, service: request.service, from, to, category, reason, approvedBy: by };
    });
  }

  /** Another number than before: something was asked for or decided since. */
  revision(): Promise<number> {
    return countExclusionEvents(this.#control);
  }

  #others(session: ControlSession, { service, from, to }: ExclusionRequest) {
    return overlappingExclusions(session, service, { from, to }, ['requested', 'approved']).then((events) =>
      events.map(({ id, state, request }) => ({ id, state, from: request.from, to: request.to })),
    );
  }
}

/** Several agreements about one service: time is left out for all of them, so each must allow it. */
function strictestOf(terms: readonly Agreement['exclusions'][]): Agreement['exclusions'] | undefined {
  if (terms.length === 0) return undefined;
  return {
    noticeHours: Math.max(...terms.map(({ noticeHours }) => noticeHours)),
    retroactiveDays: Math.min(...terms.map(({ retroactiveDays }) => retroactiveDays)),
  };
}

function noSuch(id: string): FourninesError {
  return new FourninesError('FN_NOT_FOUND', `there is no exclusion ${id}`);
}

function conflict(change: ExclusionChange, { id, state, by }: ExclusionEvent): FourninesError {
  const message = `exclusion ${id} is ${state} (by ${by}); only one that is ${changes[change].from} can be ${changes[change].to}`;
  return new FourninesError('FN_STATE_CONFLICT', message, { context: { id, state } });
}

function changed(id: string): FourninesError {
  return new FourninesError('FN_RECORD_CHANGED', `exclusion ${id} is not what was recorded: its hash does not hold`, {
    context: { id },
  });
}
