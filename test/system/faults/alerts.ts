/**
 * The suite `alerts` of `npm run test:faults`. Ends with 1 when something that must be told is not, when something is told
 * twice but by a repetition of the same id, or out of order. Needs PostgreSQL (apt-get install postgresql).
 */
import { hurtAlerts } from './alerts/alert-suite.ts';
import { faultArguments } from './arguments.ts';

const { rounds, seed, only, json } = faultArguments();
const startedMs = performance.now();
const tally = await hurtAlerts({ rounds, seed, only, told: (line) => process.stderr.write(`${line}\n`) });
const seconds = Math.round((performance.now() - startedMs) / 1000);
if (json) process.stdout.write(`${JSON.stringify({ seed, seconds, ...tally.toJSON() })}\n`);
else process.stdout.write(`seed ${seed}: ${tally.rounds} rounds in ${seconds} s\n${tally}\n`);
process.exitCode = tally.isGood ? 0 : 1;
