import { writeFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestCase, TestModule, TestSuite } from 'vitest/node';

interface Skip {
  readonly name: string;
  readonly reason: string;
}

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skips: readonly Skip[];
}

/**
 * Counts tests. What is no test but went wrong counts as failed: a file that did not load, a hook, an unhandled error,
 * a test that never ended.
 */
function tally(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Tally {
  let passed = 0;
  let failed = unhandled.length;
  const skips: Skip[] = [];
  const visit = (node: TestModule | TestSuite): void => {
    failed += node.errors().length;
    for (const child of node.children) {
      if (child.type === 'suite') visit(child);
      else if (child.result().state === 'passed') passed += 1;
      else if (child.result().state === 'skipped') skips.push({ name: nameOf(child), reason: reasonOf(child) });
      else failed += 1;
    }
  };
  for (const module of modules) visit(module);
  return { passed, failed, skips };
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`;
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return note ?? (test.options.mode === 'todo' ? 'not written yet' : 'no reason given');
}

/** The count line; where every skip is a failure, the skipped ones are among the failed. */
function counted(run: Tally, skipsFail: boolean): { passed: number; failed: number; skipped: number } {
  const { passed, failed, skips } = run;
  return skipsFail ? { passed, failed: failed + skips.length, skipped: 0 } : { passed, failed, skipped: skips.length };
}

/**
 * Beside the default reporter: tells why each skipped test was skipped, and counts. Under `npm test` the counts go to
 * the file that FOURNINES_TEST_COUNTS names, and the last line is printed there, with the checks in it.
 */
export class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const run = tally(modules, unhandled);
    const skipsFail = process.env['CI'] === 'true';
    const counts = counted(run, skipsFail);
    const countsFile = process.env['FOURNINES_TEST_COUNTS'];
    if (countsFile !== undefined) writeFileSync(countsFile, JSON.stringify(counts));
    // At the very end, after whatever vitest and the default reporter still have to say.
    process.once('exit', () => {
      if (counts.failed > 0) process.exitCode = 1;
      for (const { name, reason } of run.skips) {
        process.stdout.write(`${skipsFail ? 'skipped, which CI counts as failed' : 'skipped'}: ${name}: ${reason}\n`);
      }
      if (countsFile === undefined) {
        process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
      }
    });
  }
}
