import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { newSecret } from '../alerts/signature/key.ts';
import { LabPostgres } from '../test/lab/postgres/lab-postgres.ts';
import { writeBreaches } from './alerts/breaches.ts';
import { Child } from './alerts/child.ts';
import type { Engine, StormRequest, StormTold } from './alerts/protocol.ts';
import {
  faultsOf,
  hangingRatio,
  isFlat,
  percentile,
  perSecond,
  tellClasses,
  tellCost,
  tellStorm,
} from './alerts/report.ts';
import { type TurnResult, Turns } from './alerts/turns.ts';
import { wholeOption } from './datapath/whole-option.ts';
import { tellSpread } from './spread.ts';

/**
 * How soon receivers hear of what was decided: from "decided" to "received", on a real PostgreSQL, while a fifth of the
 * receivers hang; the same without those, in turns; how many a second can be told; the same on the embedded store. And
 * what a storm of breaches costs.
 *
 * Outbox, dispatcher, forms, signatures and the guarded way out are the product's, with its defaults (a receiver that
 * hangs is given up after 15 s, so one that does holds its lane for a whole turn); what decides adds to the outbox
 * each 50 ms in the same process, as a notifier does. Receivers are HTTP servers on loopback, plain, in a process of their own:
 * no TLS and no distance are in the figures. They check the order of each receiver, and signatures of a sample by the package
 * standardwebhooks. "Decided" is when it was to be decided: where adding falls behind, that is in the figure. Needs
 * PostgreSQL as Debian has it (apt-get install postgresql); it runs from a folder of its own, its writes are synchronous.
 *
 *     npm run bench:alerts [-- --rate 1000 --receivers 200 --seconds 8 --rounds 3 --changes 5000 --json]
 *     npm run bench:alerts -- --profile FOLDER      CPU profiles of the server's process
 */
const { values: options } = parseArgs({
  options: {
    /** Deliveries a second to all healthy receivers together. */
    rate: { type: 'string', default: '1000' },
    /** A fifth of them hangs; of the others a tenth is slow and a tenth fails. */
    receivers: { type: 'string', default: '200' },
    /** Measured in one turn. */
    seconds: { type: 'string', default: '8' },
    rounds: { type: 'string', default: '3' },
    /** Of breaches, in the storm. */
    changes: { type: 'string', default: '5000' },
    profile: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const rate = wholeOption('rate', options.rate, 20, 100_000);
const receivers = wholeOption('receivers', options.receivers, 10, 5_000);
const seconds = wholeOption('seconds', options.seconds, 3, 600);
const rounds = wholeOption('rounds', options.rounds, 1, 50);
const changes = wholeOption('changes', options.changes, 1, 20_000);
/** Long enough to look at all of a storm. */
const waitSeconds = 10;
/** Under way for each healthy receiver, where as many are sent as can be. */
const depth = 8;

const faults: string[] = [];
const json = (value: unknown) =>
  JSON.stringify(value, (_key, each) => (each instanceof Float64Array ? undefined : each)) as string;
const say = (line: string) => void (options.json || process.stdout.write(`${line}\n`));

async function measure(turns: Turns): Promise<unknown> {
  const pairs: (readonly [TurnResult, TurnResult])[] = [];
  // Not counted: what the server's process compiles in its first seconds.
  await turns.turn({ engine: 'postgres', load: { kind: 'steady', rate }, hanging: true }, 2);
  for (let round = 0; round < rounds; round++) {
    const first = await kept(turns, 'postgres', rate, round % 2 === 1);
    const second = await kept(turns, 'postgres', rate, round % 2 === 0);
    pairs.push(round % 2 === 0 ? [first, second] : [second, first]);
  }
  say(`median (smallest to largest) of ${rounds} turns of ${seconds} s`);
  tellSteady(
    'PostgreSQL',
    rate,
    pairs.map(([, with_]) => with_),
  );
  say('  and without those that hang:');
  tellClasses(
    pairs.map(([without]) => without),
    receivers,
    say,
  );
  const { ratio, isResolved } = hangingRatio(pairs);
  const held = isResolved ? '' : ': not resolved, the noise hides it';
  say(`  healthy p99 with those that hang over that without: ${tellSpread(ratio, 2)}${held}`);
  const most = await kept(turns, 'postgres', undefined, true);
  tellMost('PostgreSQL', most);
  const mostEmbedded = await kept(turns, 'embedded', undefined, true);
  // At half of what it carries: beyond, the figure would be how long the turn is.
  const embeddedRate = Math.min(rate, Math.floor(perSecond(mostEmbedded) / 2));
  const embedded = await kept(turns, 'embedded', embeddedRate, true);
  tellSteady('embedded store', embeddedRate, [embedded]);
  tellMost('embedded store', mostEmbedded);
  const all = [...pairs.flat(), most, mostEmbedded, embedded];
  return { ratio, isResolved, turns: all.map(brief) };
}

/** At a rate, or as many as can be. */
async function kept(turns: Turns, engine: Engine, at: number | undefined, hanging: boolean): Promise<TurnResult> {
  const load = at === undefined ? ({ kind: 'flat', depth } as const) : ({ kind: 'steady', rate: at } as const);
  const result = await turns.turn({ engine, load, hanging });
  faults.push(...faultsOf(result));
  return result;
}

function tellSteady(store: string, at: number, results: readonly TurnResult[]): void {
  say(`${store}, ${at} a second to healthy receivers, from decided to received`);
  const fallen = results.filter((result) => !isFlat(result)).length;
  if (fallen > 0)
    say(`  NOT CARRIED in ${fallen} of ${results.length} turns: what waits became more, and its times with it`);
  tellClasses(results, receivers, say);
  tellCost(results, say);
}

function tellMost(store: string, result: TurnResult): void {
  say(
    `${store}, the most it carries with those that hang, ${depth} under way each: ${perSecond(result).toFixed(0)} a second`,
  );
  tellCost([result], say);
}

function brief({ tally, ...turn }: TurnResult): unknown {
  const classes = Object.entries(tally).map(([name, { latenciesMs, ...counts }]) => {
    const [p50, p99] = [percentile(latenciesMs, 500), percentile(latenciesMs, 990)];
    return [name, { ...counts, measured: latenciesMs.length, p50, p99, most: percentile(latenciesMs, 1_000) }];
  });
  return { ...turn, isFlat: isFlat({ tally, ...turn }), classes: Object.fromEntries(classes) };
}

async function measureStorm(postgres: LabPostgres): Promise<StormTold> {
  await writeBreaches(postgres.options, changes);
  const child = new Child<StormRequest>('storm');
  try {
    const told = await child.ask<StormTold>({ type: 'storm', postgres: postgres.options, changes, waitSeconds });
    faults.push(...tellStorm(told, changes, waitSeconds, say));
    return told;
  } finally {
    await child.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'fournines-alerts-'));
mkdirSync(join(folder, 'subject'));
const profiling = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
const postgres = await LabPostgres.start();
const shared = { folder: join(folder, 'subject'), postgres, secret: newSecret(), execArgv: profiling };
const turns = new Turns({ ...shared, receivers, seconds });
try {
  await turns.open();
  const measured = await measure(turns);
  await turns.clear();
  const storm = await measureStorm(postgres);
  if (options.json) process.stdout.write(`${json({ rate, receivers, seconds, measured, storm, faults })}\n`);
  for (const fault of faults) process.stderr.write(`WRONG: ${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
} finally {
  await turns.close();
  await postgres[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
}
