import { describe, expect, it } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import {
  type NativeFacade,
  type StallSampler,
  stallThreadFields,
  stallThreadStride,
  stallThreadsMax,
  threadStatus,
} from '../../native/facade.ts';

const options = { procRoot: '/proc', hz: 0, thresholdNs: 1_000_000 };
const self = Uint32Array.from([process.pid, process.pid]);

/** What every form promises of the stall sampler. */
export function stallContract(open: () => NativeFacade): void {
  const codeOf = (call: () => unknown) => {
    try {
      call();
    } catch (error) {
      return error instanceof FourninesError ? [error.code, error.context['errno']] : error;
    }
    return 'nothing was thrown';
  };
  const withSampler = (test: (sampler: StallSampler, facade: NativeFacade) => void) => () => {
    const facade = open();
    const sampler = facade.openStalls(options);
    // The TypeScript form says that it has none.
    if (facade.form === 'typescript') return expect(sampler).toBeNull();
    test(sampler as StallSampler, facade);
  };

  describe('stalls', () => {
    it(
      'are of threads that are there, or there is no sampler',
      withSampler((sampler) => {
        sampler.watch(Uint32Array.from([...self, 4_294_967_295, 1]));
        const rows = new BigUint64Array(2 * stallThreadStride).fill(7n);
        expect(sampler.take(rows)).toHaveLength(0);
        const [mine, none] = [rows.subarray(0, stallThreadStride), rows.subarray(stallThreadStride)];
        expect([mine[0], none[0]]).toEqual([threadStatus.ok, threadStatus.gone]);
        expect(none.subarray(1).every((value) => value === 0n)).toBe(true);
        const field = (name: (typeof stallThreadFields)[number]) => mine[stallThreadFields.indexOf(name)] as bigint;
        expect(field('runNs') > 0n && field('voluntary') > 0n && field('startTicks') > 0n).toBe(true);
      }),
    );

    it(
      'have one sampler a facade, and another one once it is closed',
      withSampler((sampler, facade) => {
        expect(codeOf(() => facade.openStalls(options))).toEqual(['FN_NATIVE', 16]);
        sampler.close();
        sampler.close();
        expect(codeOf(() => sampler.watch(self))).toEqual(['FN_NATIVE', 9]);
        expect(codeOf(() => sampler.take(new BigUint64Array(0)))).toEqual(['FN_NATIVE', 9]);
        const second = facade.openStalls({ ...options, hz: 100 });
        sampler.close();
        second?.watch(self);
        facade.close();
        expect(codeOf(() => second?.watch(self))).toEqual(['FN_NATIVE', 9]);
        expect(codeOf(() => facade.openStalls(options))).toEqual(['FN_NATIVE', 9]);
      }),
    );

    it(
      'refuse what makes no sense',
      withSampler((sampler) => {
        sampler.watch(self);
        const misuses = [
          () => sampler.watch(new Uint32Array(3)),
          () => sampler.watch(new Uint32Array(2 * (stallThreadsMax + 1))),
          () => sampler.watch(new Int32Array(2) as never),
          () => sampler.take(new BigUint64Array(stallThreadStride - 1)),
          () => sampler.take(new BigInt64Array(stallThreadStride) as never),
        ];
        for (const misuse of misuses) expect(codeOf(misuse)).toEqual(['FN_INTERNAL', undefined]);
      }),
    );

    it('refuse a pace, a threshold and a folder that make no sense', () => {
      const facade = open();
      for (const wrong of [{ hz: -1 }, { hz: 1001 }, { hz: 0.5 }, { thresholdNs: -1 }, { procRoot: '' }]) {
        expect(codeOf(() => facade.openStalls({ ...options, ...wrong }))).toEqual(['FN_INTERNAL', undefined]);
      }
    });
  });
}
