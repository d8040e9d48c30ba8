/**
 * Hurts the product where it is named to be hurt, round after round, and counts what is lost and doubled.
 *
 *     npm run test:faults -- [--suite ingest|alerts] [--rounds 200] [--seed 1] [--only server:] [--json]
 *
 * `ingest`: from a tick to its row. `alerts`: from the change of a breach to its receivers. One round is one fault. `--only`
 * takes the faults whose name has this in it.
 */
import { faultArguments } from './faults/arguments.ts';

const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  ingest: () => import('./faults/ingest.ts'),
  alerts: () => import('./faults/alerts.ts'),
};
const { suite } = faultArguments();
const run = suites[suite];
if (run === undefined) throw new Error(`there is no suite ${suite}: ${Object.keys(suites).join(', ')}`);
await run();
