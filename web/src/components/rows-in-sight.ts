import { useVirtualizer } from '@tanstack/react-virtual';
import type { RefObject } from 'react';

/** Rows drawn at once without virtualising: a screen or two. */
const plainRowsMax = 120;
/** As in the style sheet. */
const rowPixels = { plain: 29, tall: 46 };

/** Which rows to draw, and the height of those left out above and below, pixels. */
interface RowsInSight {
  readonly long: boolean;
  readonly shown: readonly number[];
  readonly above: number;
  readonly below: number;
}

export function useRowsInSight(
  count: number,
  scroll: RefObject<HTMLElement | null>,
  rows: keyof typeof rowPixels = 'plain',
): RowsInSight {
  const long = count > plainRowsMax;
  const virtual = useVirtualizer({
    count,
    enabled: long,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowPixels[rows],
    overscan: 16,
  });
  if (!long) return { long, shown: Array.from({ length: count }, (_, index) => index), above: 0, below: 0 };
  const items = virtual.getVirtualItems();
  return {
    long,
    shown: items.map(({ index }) => index),
    above: items[0]?.start ?? 0,
    below: virtual.getTotalSize() - (items.at(-1)?.end ?? 0),
  };
}
