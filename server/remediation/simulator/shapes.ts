/** Steps that a second is cut into where a thread is near its limit. */
export const stepsOfSecond = 10;

/** How a second's packets come, in thousandths a step: from even to one step with two fifths more. */
export const shapes: readonly (readonly number[])[] = [
  [100, 100, 100, 100, 100, 100, 100, 100, 100, 100],
  [104, 98, 101, 97, 103, 99, 96, 102, 95, 105],
  [95, 112, 98, 104, 92, 99, 108, 94, 101, 97],
  [90, 94, 98, 102, 106, 110, 106, 102, 98, 94],
  [92, 118, 94, 96, 118, 93, 95, 99, 98, 97],
  [112, 108, 104, 100, 96, 92, 92, 95, 99, 102],
  [94, 95, 96, 130, 97, 98, 96, 99, 97, 98],
  [97, 96, 94, 95, 96, 94, 96, 97, 140, 95],
];

/** The largest step of each. */
export const peaks = Float64Array.from(shapes, (shape) => Math.max(...shape));

/** Shapes that a queue of a spikiness (0 to 3) draws from. */
export function shapesOf(spikiness: number): readonly number[] {
  return (
    [
      [0, 1],
      [1, 2, 3, 5],
      [2, 3, 4, 5],
      [4, 6, 7, 2],
    ][spikiness] ?? [0]
  );
}

/** Packets of `packets` that have come by the end of step `step`; none is lost to rounding, for the last has them all. */
export function comeBy(packets: number, thousandths: number): number {
  return Math.floor((packets * thousandths) / 1_000);
}
