import type { Column, Kind, ScalarColumn } from './columns.ts';

/** What the descriptions of kinds are put together from: columns that many kinds share, and counters. */

export const directions = ['rx', 'tx', 'toGuest', 'fromGuest'] as const;
export type Direction = (typeof directions)[number];

/** What is known of a slot: both boundaries read on time; only the sum over a gap; nothing. */
const slotStates = ['observed', 'bridged', 'unknown'] as const;

export const host = { name: 'host', type: 'String', doc: 'Host name, as configured.' } as const;

/** Time and quality of a row; the same eight columns in every kind that has slots. */
export const quality = [
  { name: 'slot', type: "DateTime('UTC')", doc: 'First one-second slot the row covers, UTC.' },
  { name: 'slots', type: 'UInt32', doc: 'How many consecutive slots the row covers: 1 unless bridged or unknown.' },
  { name: 'state', type: 'Enum8', labels: slotStates, doc: 'What is known of these slots.' },
  {
    name: 'suspect',
    type: 'UInt8',
    doc: '1: the clock stepped or time repeats; the numbers are kept, nothing uses them.',
  },
  { name: 'intervalNs', type: 'UInt64', doc: 'Monotonic time between the two reads, ns.' },
  { name: 'readSpanNs', type: 'UInt64', doc: 'How long the closing read took, ns.' },
  { name: 'lateNs', type: 'Int64', doc: 'Middle of the closing read after its slot boundary, ns.' },
  {
    name: 'epoch',
    type: 'UInt64',
    doc: 'Life of this counter group: identity of the counted object (upper 48 bits) and resets seen (lower 16).',
  },
] as const satisfies readonly Column[];

type CounterColumns<N extends string> = readonly [
  { readonly name: N; readonly type: 'UInt64'; readonly doc: string },
  { readonly name: `${N}Inc`; readonly type: 'Nullable(UInt64)'; readonly doc: string },
];

/** A raw counter and its increment over the row's slots; the increment is NULL exactly when the state is `unknown`. */
export function counter<const N extends string>(name: N, doc: string): CounterColumns<N> {
  return [
    { name, type: 'UInt64', doc },
    { name: `${name}Inc`, type: 'Nullable(UInt64)', doc: `Increment of ${name} over the row's slots.` },
  ];
}

/** A counter that not every driver has: NULL where it is absent, which is not zero. */
export function optionalCounter<const N extends string>(name: N, doc: string) {
  return [
    { name, type: 'Nullable(UInt64)', doc: `${doc} NULL where the driver does not count it.` },
    { name: `${name}Inc`, type: 'Nullable(UInt64)', doc: `Increment of ${name} over the row's slots.` },
  ] as const satisfies readonly ScalarColumn[];
}

export function kind<const C extends readonly Column[]>(
  name: string,
  doc: string,
  key: readonly C[number]['name'][],
  columns: C,
): Kind<C> {
  const names = new Set(columns.map((c) => c.name));
  const counters = columns.map((c) => c.name).filter((n) => names.has(`${n}Inc`));
  return { name, doc, key, counters, columns };
}

export const port = { name: 'port', type: 'String', doc: 'Port name as the datapath says it.' } as const;
export const direction = {
  name: 'direction',
  type: 'Enum8',
  labels: directions,
  doc: 'rx and tx on NICs; toGuest and fromGuest on vhost ports.',
} as const;
