import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/reporter.ts';
import { besideOthers } from './test/system/beside-others.ts';

const root = {
  testTimeout: 20_000,
  hookTimeout: 60_000,
  // Tests start the product hundreds of times; half of such a start is reading the same sources anew.
  env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
};
const system = { ...root, testTimeout: 120_000 };
/** On two cores as well: much of a test of the page is waiting for the browser. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    reporters: ['default', new CountReporter()],
    projects: [
      {
        test: {
          ...root,
          name: 'unit',
          include: ['test/{unit,contract}/**/*.test.ts', 'test/tidy/*.test.ts', 'test/*.test.ts'],
          maxWorkers,
        },
      },
      // A browser against a scripted server: nothing in it is shared, so that it need not wait for others.
      {
        test: {
          ...root,
          name: 'web',
          include: ['test/web/**/*.test.ts'],
          globalSetup: 'test/web/build-page.ts',
          testTimeout: 120_000,
          maxWorkers,
        },
      },
      {
        // Two at a time, and no more: each has a store, which may take 1.5 GiB.
        test: { ...system, name: 'stores', include: besideOthers, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      // They measure time: one after another, with nothing beside them.
      { test: { ...root, name: 'native', include: ['test/native/**/*.test.ts'], fileParallelism: false } },
      {
        // Real processes, brokers, switches and namespaces: one after another, so that they do not starve each other.
        test: {
          ...system,
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          exclude: besideOthers,
          fileParallelism: false,
        },
      },
    ],
  },
});
