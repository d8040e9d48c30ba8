/**
 * Steps of a series: `at[i]` is the first second of step i. A value is told only when every slot of the step is
 * observed; else it is null, and a chart draws a gap.
 */
export interface StepGrid {
  readonly at: readonly number[];
  readonly step: number;
  /** The grid's values of one list of points; absent and partly observed steps are null. */
  fill(points: Iterable<StepPoint>): (string | null)[];
  /** Like `fill`, for what is written only when it moves: zero where `known` tells a value and there is no point. */
  fillMoved(points: Iterable<StepPoint>, known: readonly (string | null)[]): (string | null)[];
}

export interface StepPoint {
  readonly at: number;
  /** Slots behind the value. */
  readonly observed: number;
  /** Null: it moved, and nobody knows how much. */
  readonly value: string | null;
}

export function stepGrid(from: number, to: number, step: number): StepGrid {
  const at = Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
  const place = (points: Iterable<StepPoint>, whole: boolean) => {
    const values: (string | null)[] = at.map(() => null);
    for (const point of points) {
      const i = (point.at - from) / step;
      if (values[i] !== undefined && (!whole || point.observed >= step)) values[i] = point.value;
    }
    return values;
  };
  return {
    at,
    step,
    fill: (points) => place(points, true),
    fillMoved: (points, known) => {
      const listed = [...points];
      const moved = place(listed, false);
      const unknown = new Set(listed.filter(({ value }) => value === null).map((point) => (point.at - from) / step));
      return known.map((value, i) => (value === null || unknown.has(i) ? null : (moved[i] ?? '0')));
    },
  };
}
