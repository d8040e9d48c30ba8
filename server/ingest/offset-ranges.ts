/** First and last, both inside. */
export type Range = [bigint, bigint];

/** '4-9,12-12' as ranges; the text is our own, in ascending order. */
export function rangesOf(text: string): Range[] {
  if (text === '') return [];
  return text.split(',').map((part) => {
    const [from = '', to = from] = part.split('-');
    return [BigInt(from), BigInt(to)];
  });
}

export function rangesText(ranges: readonly Range[]): string {
  return ranges.map(([from, to]) => `${from}-${to}`).join(',');
}

/** The text of ascending numbers. */
export function rangesTextOf(numbers: Iterable<bigint>): string {
  const ranges: Range[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] + 1n === number) last[1] = number;
    else ranges.push([number, number]);
  }
  return rangesText(ranges);
}
