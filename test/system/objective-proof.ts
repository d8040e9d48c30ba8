/**
 * One objective on a real OVS-DPDK, from the first lost packet to a bundle that a stranger can check:
 *
 * 1. A guest is stopped for 20 s under load, which nobody inside it can do: T0 fires, the budget spent is the lost seconds, and
 *    after recovery the breach is resolved. (A guest that runs and does not read is its tenant's, and costs nothing.)
 * 2. Its bundle is downloaded; `fournines evaluate` gives the same integers on it, and `fournines verify` finds one changed
 *    byte.
 * 3. The bus between collector and server is away: undetermined with bounds, frozen, stale; the spool drains, and the same
 *    window is met, its risk retracted.
 *
 *     node test/system/objective-proof.ts [--silent SECONDS] [--window MINUTES] [--without-loss]   (root; starts a lab and a broker)
 *
 * The window of the third part begins with a quarter of an hour: up to 15 minutes are waited for that, and to its end. With
 * `--silent 1800 --window 45` it is half an hour of silence; `--silent 0` leaves the third part out, `--without-loss` the others.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import type { Breach, BreachDetail, BreachPage } from '../../server/api/schema/breaches.ts';
import type { SloDetail } from '../../server/api/schema/slos.ts';
import { KafkaBroker } from '../lab/kafka/broker.ts';
import { startLab } from '../lab/lab.ts';
import { startProduct } from '../lab/product.ts';
import { objectiveText } from '../unit/server/slo/asking.ts';
import { iso, nextBoundary, ProductApi, reached } from './product-api.ts';
import { cli } from './spawned.ts';

const { values: options } = parseArgs({
  options: {
    silent: { type: 'string', default: '300' },
    window: { type: 'string', default: '15' },
    port: { type: 'string', default: '18080' },
    'without-loss': { type: 'boolean', default: false },
  },
});
const silentSeconds = Number(options.silent);
const windowMinutes = Number(options.window);
const lossSeconds = 20;
const pps = 5_000;
const quarterSeconds = 900;
/** The next quarter of an hour that leaves time for what is proved before; objectives begin and end with quarters. */
const silenceFrom =
  Math.ceil((Date.now() / 1000 + (options['without-loss'] ? 180 : 420)) / quarterSeconds) * quarterSeconds;
/** What is proved of silence needs no load, and a machine that is busy otherwise must lose nothing meanwhile. */
const silencePps = 200;
const write = (line: string) => process.stdout.write(`${line}\n`);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
let wrong = 0;

function expectThat(holds: boolean, what: string): void {
  write(`${holds ? 'ok   ' : 'WRONG'} ${what}`);
  if (!holds) wrong++;
}

const lab = await startLab({ testpmd: { ports: 8, rxQueues: 4, txQueues: 4 }, signal: stop.signal });
let broker: KafkaBroker | undefined;
try {
  broker = await KafkaBroker.start();
  const product = await startProduct(lab, lab.state, Number(options.port), stop.signal, broker.plain);
  const api = new ProductApi(product.url);
  await api.until('tenants', () => true, 60_000);
  await applyObjectives(product.url, api.host);
  await lab.settle();
  await lab.wire?.start({ pps, burst: 32, destination: lab.guest('vhu2').address, flows: 8 });
  // Both ways: a direction without traffic is idle, and idle seconds freeze burn rates.
  for (const [from, to] of [
    ['vhu2', 'vhu4'],
    ['vhu3', 'vhu4'],
    ['vhu4', 'vhu3'],
  ] as const) {
    await lab.guest(from).start({ pps, burst: 32, destination: lab.guest(to).address });
  }
  await api.until<SloDetail>('slos/lossy', isLively, 120_000);
  if (!options['without-loss']) await proveBundle(product.url, api, await proveLoss(api));
  if (silentSeconds > 0) {
    await lab.wire?.stop();
    for (const name of ['vhu2', 'vhu3', 'vhu4']) await lab.guest(name).stop();
    for (const [from, to] of [
      ['vhu3', 'vhu4'],
      ['vhu4', 'vhu3'],
    ] as const) {
      await lab.guest(from).start({ pps: silencePps, burst: 1, destination: lab.guest(to).address });
    }
    await proveSilence(api, broker);
  }
  for (const end of [lab.wire, ...['vhu2', 'vhu3', 'vhu4'].map((name) => lab.guest(name))]) await end?.stop();
  await product.process.stop();
} finally {
  await broker?.stop();
  await lab.stop();
}
write(wrong === 0 ? 'everything is as it should be' : `${wrong} things are wrong`);
process.exitCode = wrong === 0 ? 0 : 1;

async function applyObjectives(url: string, host: string): Promise<void> {
  // Windows follow each other from there on: one of them begins with the silence.
  const start = iso(silenceFrom - 100 * windowMinutes * 60)
    .replace('T', ' ')
    .slice(0, 19);
  const slo = (name: string, port: string, duration: string, start = '2026-01-01 00:00:00') => {
    const calendar = [duration, start, 'UTC'] as const;
    return `---\n${objectiveText({ ports: [port], calendar }).replace('name: acme', `name: ${name}`)}`;
  };
  const documents = `apiVersion: fournines/v1
kind: Tenant
metadata: { name: acme, displayName: Acme }
spec: { timeZone: UTC }
---
apiVersion: fournines/v1
kind: Service
metadata: { name: acme, displayName: Acme }
spec:
  tenant: acme
  ports:
    - { name: p2, placements: [{ host: "${host}", port: vhu2 }] }
    - { name: p4, placements: [{ host: "${host}", port: vhu4 }] }
${slo('lossy', 'p2', '1M')}${slo('quiet', 'p4', `${windowMinutes}m`, start)}`;
  const response = await fetch(new URL('/api/v1/slos/apply', url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ documents, dryRun: false, by: 'proof' }),
  });
  if (!response.ok) throw new Error(await response.text());
}

/** T0 knows the present: its windows are filled. */
function isLively({ burn }: SloDetail): boolean {
  return burn.some(({ tier, state }) => tier === 'T0' && state === 'quiet');
}

async function breachOf(api: ProductApi, slo: string, subject: Breach['subject'], is: (breach: Breach) => boolean) {
  const page = await api.until<BreachPage>(
    `breaches?slo=${slo}`,
    ({ items }) => items.some((breach) => breach.subject === subject && is(breach)),
    300_000,
  );
  return page.items.find((breach) => breach.subject === subject && is(breach)) as Breach;
}

async function proveLoss(api: ProductApi): Promise<Breach> {
  const guest = lab.guest('vhu2');
  const before = (await api.get<SloDetail>('slos/lossy')).calendar?.figures.high.bad ?? '?';
  const first = await nextBoundary();
  await guest.process?.pause();
  const startedMs = Date.now();
  const fired = await breachOf(api, 'lossy', 'burn', ({ state }) => state === 'risk');
  const afterMs = Date.now() - startedMs;
  expectThat(
    afterMs <= 8_000,
    `T0 fires ${afterMs} ms after the guest was stopped (8,000 allowed): tier ${fired.tier}`,
  );
  await reached(first + lossSeconds + 1);
  guest.process?.signal('SIGCONT');
  const until = await nextBoundary();
  const after = await api.until<SloDetail>(
    'slos/lossy',
    ({ calendar }) => Date.parse(calendar?.until.at ?? '1970-01-01T00:00:00Z') >= (until + 6) * 1000,
    60_000,
  );
  const bad = after.calendar?.figures.high.bad;
  const lost = await lostSeconds(api, first - 1, until + 5);
  write(`      budget: ${JSON.stringify(after.calendar?.wholeBudget)}, bad ${bad} (before: ${before})`);
  expectThat(Number(bad) - Number(before) === lost, `budget spent (${bad}) is the lost seconds (${lost})`);
  const resolved = await breachOf(api, 'lossy', 'burn', ({ id, state }) => id === fired.id && state === 'resolved');
  expectThat(resolved.endedAt !== null, `after recovery the breach is ${resolved.state} at ${resolved.endedAt}`);
  write(`      likely causes: ${JSON.stringify(resolved.causes.slice(0, 3))}`);
  return resolved;
}

/** Seconds in which more than a tenth was lost, as the port's own series has them. */
async function lostSeconds(api: ProductApi, from: number, to: number): Promise<number> {
  const series = await api.get<{
    directions: { direction: string; packets: (string | null)[]; drops: (string | null)[] }[];
  }>(`ports/${api.host}/vhu2/series?from=${iso(from)}&to=${iso(to)}&step=1`);
  const guest = series.directions.find(({ direction }) => direction === 'toGuest');
  if (guest === undefined) throw new Error('no series of vhu2');
  return guest.drops.filter((drops, i) => {
    const [lost, passed] = [BigInt(drops ?? 0), BigInt(guest.packets[i] ?? 0)];
    return lost + passed >= 10n && lost * 10n > lost + passed;
  }).length;
}

async function proveBundle(url: string, api: ProductApi, breach: Breach): Promise<void> {
  const detail = await api.until<BreachDetail>(
    `breaches/${breach.id}`,
    ({ changes }) => changes.some(({ evidence }) => evidence !== null),
    180_000,
  );
  expectThat(detail.chain === 'holds', `the chain of ${detail.changes.length} changes ${detail.chain}`);
  for (const { entry, state, reason, evidence } of detail.changes)
    write(
      `      change ${entry}: ${state}, ${reason}, ${evidence === null ? 'no bundle' : `bundle of ${evidence.lines} lines`}`,
    );
  const change = detail.changes.findLast(({ evidence }) => evidence !== null) as BreachDetail['changes'][number];
  const response = await fetch(new URL(`/api/v1/breaches/${breach.id}/changes/${change.entry}/bundle`, url));
  const bytes = Buffer.from(await response.arrayBuffer());
  const file = path.join(lab.folder, 'bundle.tar');
  writeFileSync(file, bytes);
  const verified = await fournines('verify', file);
  expectThat(verified.code === 0, `fournines verify: ${verified.stdout.trim().split('\n').join('; ')}`);
  await promisify(execFile)('tar', ['-xf', file, '-C', lab.folder]);
  const command = detail.command.slice(detail.command.indexOf('fournines evaluate')).split(' ').slice(1);
  const evaluated = await fournines(
    ...command.map((word) => (/\.(yaml|ndjson)$/.test(word) ? path.join(lab.folder, word) : word)),
  );
  const expected = readFileSync(path.join(lab.folder, 'evaluation.json'), 'utf8');
  expectThat(
    evaluated.stdout.trim() === expected.trim(),
    `fournines evaluate gives the bundle's integers: ${expected.trim().slice(0, 200)}`,
  );
  const told = JSON.parse(evaluated.stdout) as { high: unknown; low: unknown };
  expectThat(
    JSON.stringify([told.high, told.low]) === JSON.stringify([change.figures.high, change.figures.low]),
    `and those of the change: ${JSON.stringify(change.figures.high)}`,
  );
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] as number) ^ 1;
  writeFileSync(file, bytes);
  const found = await fournines('verify', file);
  expectThat(found.code === 1, `one byte changed is found: ${found.stdout.trim().split('\n')[0]}`);
}

async function fournines(...args: string[]): Promise<{ code: number; stdout: string }> {
  return promisify(execFile)(process.execPath, [cli, ...args], { maxBuffer: 64 << 20 }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout: stdout || stderr,
    }),
  );
}

async function proveSilence(api: ProductApi, kafka: KafkaBroker): Promise<void> {
  const windowSeconds = windowMinutes * 60;
  const from = silenceFrom;
  if (Date.now() / 1000 > from + 20) throw new Error('the window of silence began without it: the machine is too busy');
  write(`      the window of ${windowMinutes} min begins at ${iso(from)}`);
  await reached(from + 45);
  await kafka.halt();
  const awayFrom = Date.now() / 1000;
  write(`      the bus is away for ${silentSeconds} s`);
  await reached(awayFrom + silentSeconds - 20);
  const silent = await api.get<SloDetail>('slos/quiet');
  const figures = silent.calendar?.figures;
  expectThat(
    figures?.verdict === 'undetermined',
    `verdict so far: ${figures?.verdict}, high ${JSON.stringify(figures?.high)}, low ${JSON.stringify(figures?.low)}`,
  );
  expectThat(silent.stale !== null, `stale since ${silent.stale?.since}`);
  const frozen = silent.burn.filter(({ state }) => state === 'frozen').map(({ tier }) => tier);
  expectThat(frozen.includes('T0') && frozen.includes('T1'), `frozen: ${frozen.join(' ')}`);
  const stale = await breachOf(api, 'quiet', 'stale', ({ endedAt }) => endedAt === null);
  const unproven = await breachOf(api, 'quiet', 'unproven', ({ state }) => state === 'risk');
  expectThat(
    stale.state === 'risk' && unproven.state === 'risk',
    `at risk: stale and unproven, since ${unproven.openedAt}`,
  );
  await reached(awayFrom + silentSeconds);
  await kafka.restart();
  const retracted = await breachOf(
    api,
    'quiet',
    'unproven',
    ({ id, state }) => id === unproven.id && state === 'retracted',
  );
  expectThat(
    retracted.state === 'retracted',
    `the spool has drained: the risk is ${retracted.state} at ${retracted.endedAt}`,
  );
  const ended = await breachOf(api, 'quiet', 'stale', ({ id, endedAt }) => id === stale.id && endedAt !== null);
  expectThat(ended.state !== 'risk', `data are no longer stale: ${ended.state}`);
  await reached(from + windowSeconds + 20);
  const budget = await fetch(`http://localhost:${options.port}/api/v1/slos/quiet`);
  const after = (await budget.json()) as SloDetail;
  const verdict = await judged(from, windowSeconds);
  expectThat(
    verdict === 'met',
    `the same window is ${verdict}; the next one has begun: ${after.calendar?.window.from}`,
  );
}

/** The verdict of a window that is over, from the rows that anybody can export. */
async function judged(from: number, seconds: number): Promise<string> {
  const slo = path.join(lab.folder, 'quiet.yaml');
  const exported = await fetch(`http://localhost:${options.port}/api/v1/slos/export`);
  const text = (await exported.text()).split(/^---$/m).find((document) => document.includes('name: quiet')) ?? '';
  writeFileSync(slo, text.replaceAll('p4', 'vhu4'));
  const slots = path.join(lab.folder, 'quiet.ndjson');
  const host = new ProductApi(`http://localhost:${options.port}/`).host;
  const window = ['--from', iso(from), '--to', iso(from + seconds)];
  const server = ['--server', `http://localhost:${options.port}`];
  const exporting = await fournines(
    'export-slots',
    '--host',
    host,
    '--port',
    'vhu4',
    ...window,
    '--run',
    '5',
    '--out',
    slots,
    ...server,
  );
  if (exporting.code !== 0) throw new Error(exporting.stdout);
  const { stdout } = await fournines(
    'evaluate',
    '--slo',
    slo,
    '--slots',
    slots,
    '--at',
    iso(from + seconds).replace('.000Z', 'Z'),
    '--json',
  );
  const evaluation = JSON.parse(stdout) as { verdict: string; slots: unknown };
  write(`      ${JSON.stringify(evaluation.slots)}`);
  return evaluation.verdict;
}
