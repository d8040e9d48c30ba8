/** Windows that make a load, at most. */
const loadWindows = 12;
/** With fewer there is none: what is acted upon has been seen twice. */
export const loadWindowsMin = 2;

/**
 * The load that windows of 5 s stand for, ppm: of twelve the 90th percentile by nearest rank, of fewer the mean and one standard
 * deviation, both rounded up. Undefined: fewer than two.
 *
 * Example: eleven windows of 100,000 and one of 900,000 are 100,000; 100,000 and 300,000 are 300,000.
 */
export function loadOf(windows: readonly number[]): number | undefined {
  const last = windows.slice(-loadWindows);
  if (last.length < loadWindowsMin) return undefined;
  if (last.length === loadWindows) {
    const rank = Math.ceil((loadWindows * 90) / 100);
    return [...last].sort((a, b) => a - b)[rank - 1];
  }
  const n = BigInt(last.length);
  const values = last.map(BigInt);
  const sum = values.reduce((total, each) => total + each, 0n);
  // n² times the variance: n Σx² - (Σx)². So mean + deviation is (Σx + √that) / n.
  const spread = n * values.reduce((total, each) => total + each * each, 0n) - sum * sum;
  return Number((sum + rootUp(spread) + n - 1n) / n);
}

/** The smallest integer whose square is not below. */
function rootUp(square: bigint): bigint {
  if (square === 0n) return 0n;
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) break;
    root = next;
  }
  return root * root === square ? root : root + 1n;
}
