import type { Facts } from './decision.ts';

/** What an owner rests on, for people. */
export interface Reasons {
  readonly rule: string;
  readonly facts: Facts;
  readonly missing: readonly string[];
}

const missingWords: Readonly<Record<string, string>> = {
  contractRate: 'no contract, or more than one, says a rate for it',
  offered: 'what was offered is not known of each second',
  ringSamples: 'the ring was not sampled in each second',
  ringSize: 'the size of the ring is not known',
  ringRuns: 'no sample found the ring full',
  guest: 'it is not known which guest is behind the port',
  guestThreads: "the guest's threads were not observed in each second",
  pmdThreads: 'the polling threads were not observed in each second',
  portState: 'it is not known that the port was set up and its guest disconnected',
  whoseOrder: 'nothing tells who set the port down',
  absentPort: 'every port of the datapath had counters',
  agreedFrameSize: 'no contract says which frames were agreed',
  whoseRule: 'the datapath does not say whose rule dropped it',
  cause: 'no cause was told',
  rule: 'no rule speaks of this cause',
};

/** One sentence that says why, with the readings that decided. */
export function storyOf({ facts, missing }: Reasons): string {
  const told = wordsOf(facts);
  const lacks = missing.map((name) => missingWords[name] ?? name).join('; ');
  return [told, lacks].filter((part) => part !== '').join('. Unknown: ') || 'what was read proves nobody';
}

function wordsOf(facts: Facts): string {
  switch (facts['why']) {
    case 'stall':
      return (
        `a stall of ${ms(facts['stallNs'])} (${facts['kind']}, ${facts['of'] === 'pmd' ? 'polling thread' : "guest's thread"} ${facts['tid']}) ` +
        `or another as long met each of ${facts['runs']} times that the ring was full, ${ms(facts['fullNs'])} in all; ${lasts(facts)}${rest(facts)}`
      );
    case 'guestStopped':
      return `all threads of the guest were stopped (guestStopped) at each of ${facts['runs']} times that the ring was full, one of them for ${ms(facts['stallNs'])}; ${lasts(facts)}${rest(facts)}`;
    case 'ranThrough':
      return `the guest's ${facts['threads']} threads and the polling threads ran through ${ms(facts['fullNs'])} of a full ring without a stall as long as its buffers last, and waited ${ms(facts['waitedNs'])} in all; ${lasts(facts)}`;
    case 'notOffered':
      return absentWords(facts);
    case 'setDown':
      return 'the port had been set down';
    case 'hostBuffers':
      return 'descriptors, buffers and the threads that empty them are the host’s';
    default:
      return rateWords(facts);
  }
}

function rest({ restNs }: Facts): string {
  return restNs === undefined ? '' : `; what was offered in ${ms(restNs)} more of a full ring is not explained by that`;
}

function absentWords({ ports }: Facts): string {
  const which = ports === undefined ? 'the guest' : `the guest of ${String(ports).replaceAll(' ', ' or ')}`;
  return `${which} was off or not connected: no service was offered`;
}

function lasts(facts: Facts): string {
  return `${facts['freeBuffers']} free buffers at ${facts['packetsPerSecond']} packets/s`;
}

function rateWords(facts: Facts): string {
  if (facts['excessPackets'] !== undefined) {
    return `${facts['excessPackets']} packets were offered above ${facts['committedPps']} packets/s of contract ${facts['contract']} in ${facts['seconds']} s`;
  }
  return facts['fullNs'] === undefined ? '' : `the ring was full for ${ms(facts['fullNs'])}`;
}

/** Nanoseconds as milliseconds with three digits behind the point. */
function ms(ns: number | string | undefined): string {
  const microseconds = Math.floor(Number(ns ?? 0) / 1_000);
  return `${Math.floor(microseconds / 1_000)}.${String(microseconds % 1_000).padStart(3, '0')} ms`;
}
