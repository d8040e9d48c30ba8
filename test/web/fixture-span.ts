/** Windows of time as the API writes them, over the whole seconds of the fixture. */

export interface Span {
  readonly from: number;
  readonly to: number;
}

export function spanOf(query: URLSearchParams, nowMs: number): Span {
  const now = Math.floor(nowMs / 1_000) - 2;
  const to = secondsOf(query.get('to')) ?? now;
  return { from: secondsOf(query.get('from')) ?? to - 300, to };
}

export function windowOf({ from, to }: Span) {
  return { from: instant(from), to: instant(to) };
}

export function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function secondsOf(value: string | null): number | null {
  return value === null ? null : Math.floor(Date.parse(value) / 1_000);
}

export function instant(seconds: number): string {
  return new Date(Math.floor(seconds) * 1_000).toISOString().replace('.000Z', 'Z');
}
