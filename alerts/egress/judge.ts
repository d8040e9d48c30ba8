import { type Address, isWithin, parseAddress } from './address.ts';
import { type ClassifiedAddress, classifyAddress } from './address-class.ts';
import { type OwnPlaces, ownPlaceOf } from './own-address.ts';
import { type Refusal, refuse } from './result.ts';
import type { EgressRules, ReceiverRules } from './rules.ts';
import { isOpenable } from './special-ranges.ts';
import type { Target } from './target.ts';

/** What is asked of an address besides itself. */
export interface Judging {
  readonly port: number;
  readonly rules: EgressRules;
  readonly receiver: ReceiverRules;
  readonly own: OwnPlaces;
}

/** A name on the list of the product's own is refused before anybody is asked for its address. */
export function judgeName(target: Target, own: OwnPlaces): Refusal | null {
  if (target.host.kind !== 'name') return null;
  const { name } = target.host;
  const found = own.names.find((place) => place.name === name && (place.port === null || place.port === target.port));
  return found === undefined ? null : refuse('own-address', `${name} is the product's own (${found.text})`);
}

/**
 * Whether a request may go there; null: yes. First what nothing opens: the product's own, and every special range. Then private
 * ranges, where one that was approved for the receiver covers it. What is left is public.
 */
export function judgeAddress(address: Address, judging: Judging): Refusal | null {
  const classified = classifyAddress(address);
  const ownPlace = classified.faces
    .map((face) => ownPlaceOf(judging.own, face, judging.port))
    .find((found) => found !== undefined);
  if (ownPlace !== undefined)
    return refuse('own-address', `${classified.why}, and one of the product's own (${ownPlace})`);
  return isReachable(address, classified, judging) ? null : refuse('address', explain(classified));
}

function isReachable(address: Address, classified: ClassifiedAddress, { receiver, rules }: Judging): boolean {
  if (classified.class === 'public') return true;
  if (classified.class === 'loopback') return rules.isLoopbackAllowed;
  return isOpenable(classified.class) && receiver.privateRanges.some((range) => isWithin(address, range));
}

function explain({ class: addressClass, why }: ClassifiedAddress): string {
  return isOpenable(addressClass) ? `${why}, and in no range that is approved for this receiver` : why;
}

export interface JudgedAddresses {
  readonly kind: 'judged';
  readonly addresses: readonly Address[];
}

/** All addresses of a name, or why none of them is used: one bad one is enough, since who gives it out may give it first next time. */
export function judgeAnswer(texts: readonly string[], judging: Judging): JudgedAddresses | Refusal {
  const addresses: Address[] = [];
  for (const text of texts) {
    const address = parseAddress(text);
    if (address === null) return refuse('address', 'the resolver gave something that is no address');
    const refusal = judgeAddress(address, judging);
    if (refusal !== null) return refusal;
    addresses.push(address);
  }
  return { kind: 'judged', addresses };
}
