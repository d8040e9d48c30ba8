import { FourninesError } from '../../core/runtime/error.ts';
import type { ControlStore } from '../control/control-store.ts';
import {
  addCreditLine,
  type CreditFilter,
  listCreditLines,
  type RecordedLine,
  readCreditLines,
} from '../control/credit-lines.ts';
import type { Exclusions } from '../exclusions/exclusions.ts';
import type { Judging } from '../judge/reading.ts';
import { canonicalJson, sha256Of } from '../objects/canonical-json.ts';
import type { Version } from '../objects/object.ts';
import { type ObjectHistory, ofKind } from '../objects/of-kind.ts';
import { readObjective } from '../openslo/objective-file.ts';
import type { Span } from '../slo/objective.ts';
import { Zone } from '../slo/zone-time.ts';
import { creditOf, type Outcome, type Piece } from './credit.ts';
import { type CreditEvent, computedLine, type GivenState, givenLine, mayBecome } from './line.ts';
import { type MonthPiece, monthSpan, piecesOf } from './month-pieces.ts';

/** What the ledger asks of the objects. */
export interface CreditObjects extends Pick<ObjectHistory, 'history'> {
  /** Whatever holds in some second of a span. */
  within(span: Span): Promise<readonly Version[]>;
}

export interface CreditsOptions {
  readonly control: ControlStore;
  readonly objects: CreditObjects;
  readonly exclusions: Pick<Exclusions, 'approved'>;
  readonly judging: Pick<Judging, 'judge'>;
  readonly nowMs: () => number;
}

/** What a computation came to; `line`: what it added, null when it said what the ledger has already. */
export type Computation =
  | { readonly kind: 'credit'; readonly id: string; readonly line: RecordedLine | null }
  | { readonly kind: 'none'; readonly why: string };

interface Judged {
  readonly service: string;
  readonly zone: string;
  readonly signal: AbortSignal;
}

/** Credits as a ledger that only grows. */
export class Credits {
  readonly #options: CreditsOptions;

  constructor(options: CreditsOptions) {
    this.#options = options;
  }

  /**
   * Computes what is owed under a version of an agreement for a month (YYYY-MM in the tenant's zone) and adds it to the
   * ledger if that is news. To be called when the month is final, and again whenever late rows or exclusions may have
   * changed it: any number of times, by any number of servers. FN_USAGE: no month, or one that has not ended;
   * FN_OBJECTIVE_FILE: the terms cannot be computed.
   */
  async computeMonth(agreement: Version<'agreement'>, month: string, signal: AbortSignal): Promise<Computation> {
    const { control, objects, nowMs } = this.#options;
    const { tenant, service, credits: terms, undetermined } = agreement.body;
    if (terms === null) return { kind: 'none', why: `${agreement.name} has no credits` };
    const zone = await this.zoneOf(tenant);
    const span = monthSpan(month, zone);
    if (span === undefined) throw new FourninesError('FN_USAGE', `${month.slice(0, 40)} is no month, as 2026-11`);
    if (span.to * 1000 > nowMs()) throw new FourninesError('FN_USAGE', `${month} has not ended yet`);
    const found = piecesOf(agreement, span, await objects.within(span));
    if (found === undefined) return { kind: 'none', why: `${agreement.name} does not hold in ${month}` };
    const { items, currencies } = found;
    const [currency] = currencies;
    if (currency === undefined) return { kind: 'none', why: `nothing is paid for ${service}` };
    if (currencies.length > 1) throw mixed(agreement.name, currencies);
    const pieces = await this.#judged(found.pieces, { service, zone: zone.name, signal });
    const result = creditOf({ terms, undetermined, currency, pieces });
    if (result === undefined) return { kind: 'none', why: `no objective of ${agreement.name} that pays held` };
    const event: CreditEvent = {
      ...{ id: creditId(agreement, month), tenant, service, month, currency, item: items.join(' + ') },
      ...{ agreement: agreement.name, agreementVersion: agreement.version },
    };
    const line = await control.transaction(async (session) => {
      const body = computedLine(event, result, await readCreditLines(session, event.id));
      return body === undefined ? null : addCreditLine(session, body, nowMs());
    });
    return { kind: 'credit', id: event.id, line };
  }

  /** By whose clocks months of a tenant begin. FN_NOT_FOUND: there is no such tenant. */
  async zoneOf(tenant: string): Promise<Zone> {
    const versions = ofKind(await this.#options.objects.history('tenant', tenant), 'tenant');
    const last = versions.at(-1);
    if (last === undefined) throw new FourninesError('FN_NOT_FOUND', `there is no tenant ${tenant}`);
    return new Zone(last.body.zone);
  }

  /** Gives a credit a state. FN_NOT_FOUND: there is none; FN_STATE_CONFLICT: what it is now does not lead there. */
  async give(id: string, state: GivenState, who: { by: string; comment: string }): Promise<RecordedLine> {
    return this.#options.control.transaction(async (session) => {
      const last = (await readCreditLines(session, id)).at(-1);
      if (last === undefined) throw new FourninesError('FN_NOT_FOUND', `there is no credit ${id}`);
      if (!mayBecome(last.state, state)) {
        throw new FourninesError('FN_STATE_CONFLICT', `credit ${id} is ${last.state}: it cannot be ${state} next`, {
          context: { id, state: last.state },
        });
      }
      const { document: _document, sha256: _sha256, previous: _previous, ...line } = last;
      return addCreditLine(session, givenLine(line, state, who), this.#options.nowMs());
    });
  }

  list(filter: CreditFilter): Promise<readonly RecordedLine[]> {
    return listCreditLines(this.#options.control, filter);
  }

  async #judged(pieces: readonly MonthPiece[], { service, zone, signal }: Judged): Promise<Piece[]> {
    const judged: Piece[] = [];
    for (const { from, to, fee, objectives } of pieces) {
      const exclusions = await this.#options.exclusions.approved({ from, to }, service);
      const outcomes: Outcome[] = [];
      for (const objective of objectives) {
        const { ports, target, sli } = readObjective(objective.name, objective.body.openslo);
        const window = { from, to, zone };
        const { high, low, verdict } = await this.#options.judging.judge({ objective, window, exclusions }, signal);
        outcomes.push({ slo: objective.name, ports, target, sli: sli.sli, high, low, verdict });
      }
      judged.push({ from, to, fee, outcomes });
    }
    return judged;
  }
}

/** The same for the same event, whoever computes it; a later version of an agreement is paid for its own part of a month. */
function creditId({ name, version, body }: Version<'agreement'>, month: string): string {
  return sha256Of(canonicalJson([name, version, body.service, month])).slice(0, 32);
}

function mixed(agreement: string, currencies: readonly string[]): FourninesError {
  return new FourninesError('FN_OBJECTIVE_FILE', `${agreement} is paid in ${currencies.join(' and ')}`, {
    hint: 'One agreement is paid in one currency: make a second service for the other items.',
  });
}
