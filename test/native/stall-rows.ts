import { stallKinds } from '../../core/catalogue/thread-kinds.ts';
import {
  type StallSampler,
  stallFields,
  stallStride,
  stallThreadFields,
  stallThreadStride,
} from '../../native/facade.ts';

export type ThreadNumbers = Readonly<Record<(typeof stallThreadFields)[number], bigint>>;

export interface StallRow extends Readonly<Record<Exclude<(typeof stallFields)[number], 'kind'>, bigint>> {
  readonly kind: (typeof stallKinds)[number];
}

/** What a sampler of `count` threads has to say now, by name. */
export function takeFrom(
  sampler: StallSampler,
  count: number,
): { readonly threads: readonly ThreadNumbers[]; readonly stalls: readonly StallRow[] } {
  const rows = new BigUint64Array(count * stallThreadStride);
  const raw = sampler.take(rows);
  const named = (fields: readonly string[], from: BigUint64Array, at: number) =>
    Object.fromEntries(fields.map((name, i) => [name, from[at + i] as bigint]));
  return {
    threads: Array.from({ length: count }, (_, i) => named(stallThreadFields, rows, i * stallThreadStride)) as never,
    stalls: Array.from({ length: raw.length / stallStride }, (_, i) => {
      const stall = named(stallFields, raw, i * stallStride);
      return { ...stall, kind: stallKinds[Number(stall['kind']) - 1] };
    }) as never,
  };
}
