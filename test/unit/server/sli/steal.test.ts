import { describe, expect, test } from 'vitest';
import { stealLimits, stealSlot, type VcpuSlot } from '../../../../server/sli/steal.ts';

const vcpu = (waitedUs: number | undefined, stallUs?: number): VcpuSlot => ({
  wallNs: 1_000_000_000n,
  waitedNs: waitedUs === undefined ? undefined : BigInt(Math.round(waitedUs * 1000)),
  longestStallNs: stallUs === undefined ? undefined : BigInt(stallUs * 1000),
});

describe('pinned vCPUs, slots of 1 s', () => {
  test.each([
    // The worked example.
    ['900 us', [vcpu(900)], 'good'],
    ['1,000,001 ns', [vcpu(1000.001)], 'bad'],
    ['400 us and a stall of 1.1 ms', [vcpu(400, 1100)], 'bad'],
    ['1 ms is not above 0.1 %', [vcpu(1000, 1000)], 'good'],
    ['nobody knows', [vcpu(undefined)], 'unknown'],
    ['a short stall says nothing of all waits', [vcpu(undefined, 10)], 'unknown'],
    ['a long stall does', [vcpu(undefined, 1001)], 'bad'],
    ['one vCPU of three', [vcpu(0), vcpu(2000), vcpu(undefined)], 'bad'],
    ['one unknown', [vcpu(0), vcpu(undefined)], 'unknown'],
    ['none', [], 'unknown'],
  ])('%s', (_, vcpus, expected) => expect(stealSlot(vcpus, stealLimits.pinned)).toBe(expected));
});

describe('shared vCPUs', () => {
  test.each([
    // The worked example: 20 ms are allowed in all, 1 ms at once.
    ['15 ms, stalls not measured', [vcpu(15_000)], 'unknown'],
    ['15 ms, none above 1 ms', [vcpu(15_000, 1000)], 'good'],
    ['15 ms, one above', [vcpu(15_000, 1001)], 'bad'],
    ['0.9 ms in all: none can be longer', [vcpu(900)], 'good'],
    ['20.001 ms', [vcpu(20_001, 10)], 'bad'],
  ])('%s', (_, vcpus, expected) => expect(stealSlot(vcpus, stealLimits.shared)).toBe(expected));
});

test('the share is of the time between readings, whatever it was', () => {
  const late: VcpuSlot = { wallNs: 1_300_000_000n, waitedNs: 1_200_000n, longestStallNs: 900_000n };
  expect(stealSlot([late], stealLimits.pinned)).toBe('good');
  expect(stealSlot([{ ...late, wallNs: 1_199_999_999n }], stealLimits.pinned)).toBe('bad');
});
