import type { Labels } from '../alert.ts';
import { type Matcher, matchesAll } from './matchers.ts';

/** Never changed but by its end. It quiets the routes of whoever made it, nobody else's. */
export interface Silence {
  readonly id: string;
  /** null: the operator's. */
  readonly tenant: string | null;
  readonly matchers: readonly Matcher[];
  /** Unix seconds of the caller's clock, [startsAt, endsAt). */
  readonly startsAt: number;
  readonly endsAt: number;
}

/**
 * As it is remembered: one that was ended early is kept until its first end, so that it does not begin anew when it comes
 * again.
 */
export interface KeptSilence extends Silence {
  readonly isEnded: boolean;
}

/** Those that are not over. */
export function goingOn(silences: readonly KeptSilence[], now: number): readonly KeptSilence[] {
  return silences.filter(({ endsAt }) => now < endsAt);
}

/** Whether a silence of that tenant, of those that are not over, quiets an alert with these labels now. */
export function isSilenced(
  silences: readonly KeptSilence[],
  { tenant, labels, now }: { readonly tenant: string | null; readonly labels: Labels; readonly now: number },
): boolean {
  return silences.some(
    (silence) =>
      silence.tenant === tenant && !silence.isEnded && silence.startsAt <= now && matchesAll(silence.matchers, labels),
  );
}

/** With one more. One that is known already, or is over, changes nothing: it came again, or late. */
export function withSilence(silences: readonly KeptSilence[], silence: Silence, now: number): readonly KeptSilence[] {
  const isKnown = silences.some(({ id }) => id === silence.id);
  if (isKnown || silence.endsAt <= now) return silences;
  return [...silences, { ...silence, isEnded: false }];
}

/** With one ended early; the same when there is none that goes on. */
export function withoutSilence(silences: readonly KeptSilence[], id: string): readonly KeptSilence[] {
  if (!silences.some((silence) => silence.id === id && !silence.isEnded)) return silences;
  return silences.map((silence) => (silence.id === id ? { ...silence, isEnded: true } : silence));
}
