import { describe, expect, test } from 'vitest';
import type { Evidence } from '../../../../server/attribution/evidence.ts';
import { absence, anEvidence, ms, stalled } from './an-evidence.ts';
import { rate, told } from './told-owners.ts';

describe('limits', () => {
  const limited = (over: Partial<Evidence>) => anEvidence({ cause: 'policer', direction: 'fromGuest', ...over });
  test.each(['policer', 'shaper', 'cloud_limit'] as const)('%s is the contract’s up to the excess', (cause) => {
    expect(told(limited({ cause, offered: [1_250n], contract: rate, packets: 80n }))).toBe(
      'contract=50 unknown=30 overRate',
    );
    expect(told(limited({ cause, offered: [1_250n], contract: rate, packets: 50n }))).toBe('contract=50 overRate');
    expect(told(limited({ cause, offered: [1_200n], contract: rate }))).toBe('unknown=100 overRate');
  });

  test('a limit without a contract is one that nobody agreed to', () => {
    expect(told(limited({}))).toBe('unknown=100 overRate -contractRate');
  });

  test('a second that was not observed leaves the excess unknown', () => {
    expect(told(limited({ slots: 2, offered: [5_000n, null], contract: rate }))).toBe('unknown=100 overRate -offered');
  });

  test('what other causes were given is not given again', () => {
    const contract = { ...rate, takenPackets: 30n };
    expect(told(limited({ offered: [1_250n], contract }))).toBe('contract=20 unknown=80 overRate');
  });

  test('a burst that was not saved up does not count', () => {
    expect(told(limited({ offered: [1_250n], contract: { ...rate, savedPackets: 0n } }))).toBe('contract=100 overRate');
  });
});

describe('other causes', () => {
  test.each([
    ['nic_ring_full', 'rx', 'provider=100 hostBuffers hostBuffers'],
    ['nic_fifo', 'rx', 'provider=100 hostBuffers hostBuffers'],
    ['no_mbuf', 'rx', 'provider=100 hostBuffers hostBuffers'],
    ['mtu', 'toGuest', 'unknown=100 frameSize -agreedFrameSize'],
    ['policy', 'rx', 'unknown=100 onPurpose -whoseRule'],
    ['pending', 'rx', 'unknown=100 untold -cause'],
    ['other', 'rx', 'unknown=100 untold -cause'],
    ['tx_ring_full', 'tx', 'unknown=100 none -rule'],
    ['no such cause', 'rx', 'unknown=100 none -rule'],
  ] as const)('%s', (cause, direction, expected) => {
    expect(told(anEvidence({ cause, direction }))).toBe(expected);
  });

  test.each<[string, Partial<Evidence>, string]>([
    ['is the contract’s when its guest was seen to be disconnected', {}, 'contract=100 notOffered notOffered'],
    ['is unknown where nobody said how the port stood', { absence: null }, 'unknown=100 notOffered -portState'],
    ['and where only half of that was said', { absence: absence({ link: [] }) }, 'unknown=100 notOffered -portState'],
    [
      'is unknown when the port had been set down, guest or no guest: nobody knows who ordered it',
      { absence: absence({ admin: ['down', 'up'] }) },
      'unknown=100 notOffered setDown -whoseOrder',
    ],
    [
      'is unknown when the guest was there all the time',
      { absence: absence({ link: ['up'] }) },
      'unknown=100 notOffered -portState',
    ],
    [
      'of a datapath is the contract’s: no port without a guest has counters, whichever of them it was',
      { place: 'beside', direction: 'rx', absence: absence({ admin: [], link: [], ports: ['vhu3', 'vhu4'] }) },
      'contract=100 notOffered notOffered',
    ],
    [
      'of a datapath all of whose ports had counters is unknown',
      { place: 'beside', direction: 'rx', absence: absence({ admin: [], link: [] }) },
      'unknown=100 notOffered -absentPort',
    ],
  ])('what was sent to nobody %s', (_name, over, expected) => {
    expect(told(anEvidence({ cause: 'vhost_down', absence: absence(), ...over }))).toBe(expected);
  });

  test('a row of a long gap is decided only where the rule needs no place in it', () => {
    const long = { slots: 61, offered: Array.from({ length: 61 }, () => 1_000_000n) };
    expect(told(anEvidence({ ...long, guest: stalled(ms) }))).toContain('unknown=100');
    expect(told(anEvidence({ ...long, cause: 'vhost_down', absence: absence() }))).toContain('contract=100');
    expect(told(anEvidence({ ...long, cause: 'no_mbuf', direction: 'rx' }))).toContain('provider=100');
  });
});
