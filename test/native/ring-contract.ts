import { describe, expect, it } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import type { NativeFacade } from '../../native/facade.ts';

/** What every form promises of rings; what only the addon can is in rings.test.ts. */
export function ringContract(facade: () => NativeFacade): void {
  describe('rings', () => {
    it('are sampled, or there is no sampler', () => {
      const sampler = facade().openRings({ periodUs: 1000 });
      if (facade().form === 'typescript') return expect(sampler).toBeNull();
      expect(sampler?.take()).toMatchObject({ slots: [], ended: [] });
    });

    it.each([99, 1_000_001, 1000.5, Number.NaN])('refuse a period of %s us', (periodUs) => {
      expect(codeOf(() => facade().openRings({ periodUs }))).toBe('FN_INTERNAL');
    });

    it('are refused after close', () => {
      const one = facade();
      one.close();
      expect(codeOf(() => one.openRings({ periodUs: 1000 }))).toBe('FN_NATIVE');
    });
  });
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    return error instanceof FourninesError ? error.code : undefined;
  }
  return undefined;
}
