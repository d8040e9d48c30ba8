import type { Direction } from '../../core/catalogue/kind-parts.ts';
import type { Version } from '../objects/object.ts';
import { ofKind } from '../objects/of-kind.ts';
import { RateBucket } from '../sli/rate-bucket.ts';
import type { ContractRate } from './evidence.ts';

/** A path of a host in the seconds of a row. */
export interface PlacedRow {
  readonly host: string;
  readonly port: string;
  readonly direction: Direction;
  readonly slot: number;
  readonly slots: number;
}

type Rate = Omit<ContractRate, 'savedPackets' | 'takenPackets'>;

/**
 * The rate that was bought for a path: that of the contract whose service has the port in all seconds of the row. Null: none
 * says a rate for this direction, or several do, and nobody knows which holds.
 */
export function rateOf(versions: readonly Version[], row: PlacedRow): Rate | null {
  const to = row.slot + row.slots;
  const holds = ({ from, to: end }: { readonly from: number | null; readonly to: number | null }) =>
    (from ?? 0) <= row.slot && (end ?? Number.POSITIVE_INFINITY) >= to;
  const services = ofKind(versions, 'service').filter(
    (service) =>
      holds(service) &&
      service.body.ports.some(({ placements }) =>
        placements.some((placed) => placed.host === row.host && placed.port === row.port && holds(placed)),
      ),
  );
  const names = new Set(services.map(({ name }) => name));
  const rates = ofKind(versions, 'contract')
    .filter((contract) => holds(contract) && names.has(contract.body.service))
    .flatMap((contract) =>
      contract.body.rates
        .filter(({ direction }) => direction === row.direction)
        .map(({ committedPps, burstPackets }) => ({
          name: contract.name,
          version: contract.version,
          committedPps: BigInt(committedPps),
          burstPackets: BigInt(burstPackets),
        })),
    );
  return rates.length === 1 ? (rates[0] ?? null) : null;
}

/** More than any port passes in a second. */
const everything = 2n ** 63n;

/** The most of a burst that can be saved up behind these seconds; null: not observed. The burst was full before them. */
export function savedAfter(
  rate: Pick<Rate, 'committedPps' | 'burstPackets'>,
  offered: readonly (bigint | null)[],
): bigint {
  const bucket = new RateBucket(rate);
  for (const packets of offered) {
    if (packets === null) bucket.skip(1);
    else bucket.take(packets);
  }
  return bucket.take(everything).high - rate.committedPps;
}
