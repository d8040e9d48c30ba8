import { formatScaled } from './count.ts';

/** Nanoseconds as ns, µs, ms or s with three digits, cut. */
export function formatDurationNs(value: bigint | string): string {
  const ns = BigInt(value);
  if (ns === 0n) return '0 ns';
  if (ns < 1_000n) return `${ns} ns`;
  if (ns < 1_000_000n) return formatScaled(ns, 1_000n, 'µs');
  if (ns < 1_000_000_000n) return formatScaled(ns, 1_000_000n, 'ms');
  if (ns < 1_000_000_000_000n) return formatScaled(ns, 1_000_000_000n, 's');
  return formatSpan(Number(ns / 1_000_000_000n));
}

/** Whole seconds in words: `22 s`, `5 min 3 s`, `2 h 10 min`, `3 d 4 h`: the two greatest units. */
export function formatSpan(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor((whole % 86_400) / 3_600), 'h'],
    [Math.floor((whole % 3_600) / 60), 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  if (first === -1) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

/** Lag in ms: `840 ms`, `2.1 s`, then words. */
export function formatLagMs(lagMs: number): string {
  if (lagMs < 1_000) return `${Math.max(0, Math.floor(lagMs))} ms`;
  if (lagMs < 60_000) return `${Math.floor(lagMs / 1_000)}.${Math.floor((lagMs % 1_000) / 100)} s`;
  return formatSpan(lagMs / 1_000);
}
