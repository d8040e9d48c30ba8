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
      {
        // Real stores, processes, namespaces and a browser: one after another, so that they do not starve each other.
        test: {
          ...root,
          name: 'system',
          include: ['test/system/**/*.test.ts', 'test/web/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
