/**
 * What the rings of the last seconds cover: the longest fast window, and on both sides of the present what may come late
 * or from a clock that is ahead. All of them end at the same slot, so that what one holds of a slot the others hold too.
 */
const lateSeconds = 60;
export const aheadSeconds = 60;
export const ringSlots = 300 + lateSeconds + aheadSeconds + 12;
