import { describe, expect, it } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import type { NativeFacade } from '../../native/facade.ts';

/** What every form promises of telemetry; what only the addon can is in telemetry.test.ts. */
export function telemetryContract(facade: () => NativeFacade): void {
  describe('telemetry', () => {
    it('is refused where no socket is, or says null', async () => {
      const opening = facade().openTelemetry('/fn-none/dpdk_telemetry.v2', { deadlineMs: 1000 });
      if (facade().form === 'typescript') return expect(opening).toBeNull();
      await expect(opening).rejects.toMatchObject({ code: 'FN_TELEMETRY_REFUSED', context: { errno: 2 } });
    });

    const misuses: readonly (readonly [string, unknown, number])[] = [
      ['a path with NUL', '/a\0b', 1],
      ['a path longer than sockets have', '/'.repeat(108), 1],
      ['a path that is no string', 7, 1],
      ['a deadline that is no number', '/a', Number.NaN],
    ];
    it.each(misuses)('refuses %s', (_, path, deadlineMs) => {
      expect(codeOf(() => facade().openTelemetry(path as string, { deadlineMs }))).toBe('FN_INTERNAL');
    });

    it('is refused after close', () => {
      const one = facade();
      one.close();
      expect(codeOf(() => one.openTelemetry('/a', { deadlineMs: 1 }))).toBe('FN_NATIVE');
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
