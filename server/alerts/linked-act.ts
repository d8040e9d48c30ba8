import { randomUUID } from 'node:crypto';
import type { Alert } from '../../alerts/alert.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import { acknowledgeBreach } from '../breach/acknowledge.ts';
import { isOngoing } from '../breach/breach.ts';
import type { ActLog, KeptAct, NewAct } from '../control/act-log.ts';
import type { BreachStore } from '../control/breach-store.ts';
import type { SilenceStore } from '../control/silence-store.ts';
import { isoOf } from '../slo/instant.ts';
import { type ActLinks, type LinkClaim, linkId } from './act-links.ts';
import { alertOfChange } from './alert-of-change.ts';
import type { AlertingDesk } from './alerting-desk.ts';
import { becameWorse } from './became-worse.ts';

/** What a link is worth now. */
export type LinkState =
  | { readonly kind: 'forged' }
  | { readonly kind: 'expired'; readonly claim: LinkClaim }
  /** Its receiver or its breach is no more. */
  | { readonly kind: 'gone'; readonly claim: LinkClaim }
  | { readonly kind: 'used'; readonly claim: LinkClaim; readonly act: KeptAct }
  | { readonly kind: 'over' | 'worse' | 'open'; readonly claim: LinkClaim; readonly alert: Alert };

export interface LinkedWords {
  /** The name that they type. */
  readonly who: string;
  readonly comment: string;
  /** How long a silence lasts. */
  readonly hours: number;
}

export interface LinkedActOptions {
  /** Undefined: this server has no key, and no link is one of its own. */
  readonly links: () => ActLinks | undefined;
  readonly desk: Pick<AlertingDesk, 'receiver' | 'config' | 'applied'>;
  readonly acts: Pick<ActLog, 'byLink'>;
  readonly breaches: BreachStore;
  readonly silences: Pick<SilenceStore, 'make'>;
  readonly nowMs: () => number;
  readonly engine: string;
}

/** What links of notifications let people do: each of them one act, once. */
export class LinkedAct {
  readonly #options: LinkedActOptions;

  constructor(options: LinkedActOptions) {
    this.#options = options;
  }

  /** Changes nothing: programs fetch links to look at them. */
  async look(token: string): Promise<LinkState> {
    const { links, desk, acts, breaches, nowMs } = this.#options;
    const claim = links()?.read(token);
    if (claim === undefined) return { kind: 'forged' };
    const act = await acts.byLink(linkId(token));
    if (act !== undefined) return { kind: 'used', claim, act };
    if (Math.floor(nowMs() / 1_000) >= claim.until) return { kind: 'expired', claim };
    // A server that has just begun knows no receiver yet, and says so: the link is as good as it was.
    if (desk.applied === undefined) throw new FourninesError('FN_CONTROL_AWAY', 'receivers are not read yet');
    const found = desk.receiver(claim.receiver) === undefined ? undefined : await breaches.find(claim.breach);
    const last = found?.changes.at(-1)?.row;
    if (found === undefined || last === undefined) return { kind: 'gone', claim };
    const alert = alertOfChange(last, '');
    if (!isOngoing(last.state)) return { kind: 'over', claim, alert };
    return { kind: becameWorse(found.changes, claim.entry) ? 'worse' : 'open', claim, alert };
  }

  /** Does what the link is worth; gives its state afterwards, which is `used` when it was done, by whomever. */
  async use(token: string, words: LinkedWords): Promise<LinkState> {
    const state = await this.look(token);
    if (state.kind !== 'open') return state;
    try {
      await (state.claim.act === 'acknowledge' ? this.#acknowledge : this.#silence).call(
        this,
        token,
        state.claim,
        words,
      );
    } catch (error) {
      // Somebody used it in between, or it became worse: what it is now says which.
      if (toFourninesError(error).code !== 'FN_STATE_CONFLICT') throw error;
    }
    return this.look(token);
  }

  async #acknowledge(token: string, claim: LinkClaim, { who, comment }: LinkedWords): Promise<void> {
    const { breaches, nowMs, engine } = this.#options;
    const { receiver, entry: seenEntry, breach } = claim;
    await acknowledgeBreach(breaches, breach, {
      ...{ by: byOf(who, receiver), comment, via: 'link', engine, seenEntry },
      now: Math.floor(nowMs() / 1_000),
      details: { link: linkId(token), receiver },
    });
  }

  async #silence(token: string, claim: LinkClaim, { who, comment, hours }: LinkedWords): Promise<void> {
    const { silences, desk, nowMs } = this.#options;
    const { receiver, breach } = claim;
    const present = desk.receiver(receiver);
    // Gone since it was looked at: whose silence it would be nobody can say, and null is the operator's.
    if (present === undefined) throw new FourninesError('FN_STATE_CONFLICT', 'its receiver is no more');
    const { tenant } = present.spec;
    const made = { by: byOf(who, receiver), atMs: nowMs(), comment };
    const startsAt = Math.floor(made.atMs / 1_000);
    const endsAt = startsAt + hours * 3_600;
    const id = randomUUID();
    const times = { startsAt: isoOf(startsAt), endsAt: isoOf(endsAt) };
    const details = { tenant, matchers: `breach=${breach}`, ...times, link: linkId(token), receiver };
    const act: NewAct = { ...made, via: 'link', act: 'silence.made', subject: id, details };
    const matchers = [{ label: 'breach', operator: '=', value: breach }] as const;
    const most = desk.config.limits.silences;
    await silences.make({ id, tenant, matchers, startsAt, endsAt, made, ended: null }, act, { now: startsAt, most });
  }
}

function byOf(who: string, receiver: string): string {
  return `${who}, by a link to ${receiver}`;
}
