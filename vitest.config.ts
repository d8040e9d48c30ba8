import { defineConfig } from 'vitest/config';
import { CountReporter } from './test/reporter.ts';

const root = { testTimeout: 20_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    reporters: ['default', new CountReporter()],
    projects: [
      {
        test: {
          ...root,
          name: 'unit',
          include: ['test/{unit,contract}/**/*.test.ts', 'test/tidy/*.test.ts', 'test/*.test.ts'],
        },
      },
      { test: { ...root, name: 'native', include: ['test/native/**/*.test.ts'] } },
      // A browser against a scripted server: nothing in it is shared, so that it need not wait for others.
      { test: { ...root, name: 'web', include: ['test/web/**/*.test.ts'], testTimeout: 120_000 } },
      {
        // Real stores, processes and namespaces: one after another, so that they do not starve each other.
        test: {
          ...root,
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
