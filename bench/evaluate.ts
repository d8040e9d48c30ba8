import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { readSlots } from '../cli/read-slots.ts';
import { readObjective } from '../server/openslo/objective-file.ts';
import { evaluate } from '../server/slo/evaluate.ts';
import { isoOf, parseInstant } from '../server/slo/instant.ts';
import { judgedAt } from '../server/slo/window.ts';
import { spreadOf, tellSpread } from './spread.ts';

/**
 * Rows a second of `fournines evaluate` and its peak of resident memory, on a file with a row for each second of two
 * paths; each turn is a process of its own, so that peaks are of one reading.
 *
 *     npm run bench:evaluate [-- --rows 1000000 --rounds 3 --json]
 */

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    /** Our own: one turn on a folder of files. */
    turn: { type: 'string' },
    folder: { type: 'string' },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const from = parseInstant('2026-11-01T00:00:00Z')?.second ?? 0;
const turns = ['inOrder', 'anyOrder', 'gzip', 'availability'] as const;
type Turn = (typeof turns)[number];
const files = { inOrder: 'rows.ndjson', anyOrder: 'mixed.ndjson', gzip: 'rows.ndjson.gz', availability: 'rows.ndjson' };

interface Told {
  readonly readMs: number;
  readonly judgeMs: number;
  /** Of both, on all cores: what it costs where other work runs beside it. */
  readonly cpuMs: number;
  readonly peakMiB: number;
}

if (options.turn === undefined) await main();
else await turn(options.turn as Turn, options.folder ?? '.');

function rowText(i: number): string {
  const [slot, direction] = [from + Math.floor(i / 2), i % 2 === 0 ? 'toGuest' : 'fromGuest'];
  const lost = i % 5000 === 0 ? 3 : 0;
  const offered = 1_000_000 + ((i * 7919) % 90_000);
  const drops = lost > 0 ? [{ cause: 'vhost_ring_full', owner: 'unknown', packets: String(lost) }] : [];
  const numbers = { state: 'observed', offered: String(offered), delivered: String(offered - lost), drops };
  return `${JSON.stringify({ host: 'cn1', port: 'vhu3f2a', direction, slot: isoOf(slot), ...numbers })}\n`;
}

/** Every row once; a prime step walks through all of them in no order. */
function* lines(step: number): Generator<string> {
  let text = '';
  for (let i = 0; i < rows; i++) {
    text += rowText((i * step) % rows);
    if (text.length < 65_536) continue;
    yield text;
    text = '';
  }
  yield text;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fournines-evaluate-'));
  try {
    for (const sli of ['packetDelivery', 'availability']) writeFileSync(join(folder, `${sli}.yaml`), objectiveOf(sli));
    await pipeline(Readable.from(lines(1)), createWriteStream(join(folder, files.inOrder)));
    await pipeline(Readable.from(lines(7_368_787)), createWriteStream(join(folder, files.anyOrder)));
    await pipeline(Readable.from(lines(1)), createGzip({ level: 1 }), createWriteStream(join(folder, files.gzip)));
    const mib = (statSync(join(folder, files.inOrder)).size / 2 ** 20).toFixed(0);
    process.stdout.write(`${rows} rows, ${mib} MiB; median (smallest to largest) of ${rounds} turns\n`);
    const results = turns.map((name) => ({
      name,
      told: Array.from({ length: rounds }, () => spawnTurn(name, folder)),
    }));
    for (const { name, told } of results) tell(name, told);
    if (options.json) process.stdout.write(`${JSON.stringify({ rows, results })}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function objectiveOf(sli: string): string {
  const rest = sli === 'availability' ? ', lossRatioMax: "0.10", run: 5' : '';
  const spec = `{ type: fournines, spec: { sli: ${sli}, ports: [vhu3f2a]${rest} } }`;
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: bench }
spec:
  service: bench
  indicator: { spec: { thresholdMetric: { metricSource: ${spec} } } }
  timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: "2026-11-01 00:00:00", timeZone: UTC } }]
  budgetingMethod: ${sli === 'availability' ? 'Timeslices' : 'Occurrences'}
  objectives: [{ target: 0.9999 }]
`;
}

function spawnTurn(name: Turn, folder: string): Told {
  const words = ['--turn', name, '--folder', folder];
  const { stdout, stderr, status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), ...words], {
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`the turn ${name} failed: ${stderr}`);
  return JSON.parse(stdout) as Told;
}

async function turn(name: Turn, folder: string): Promise<void> {
  const sli = name === 'availability' ? 'availability' : 'packetDelivery';
  const objective = readObjective('slo.yaml', readFileSync(join(folder, `${sli}.yaml`), 'utf8'));
  const judged = judgedAt(objective, undefined);
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const file = await readSlots(join(folder, files[name]), objective.ports);
  const readMs = performance.now() - startedMs;
  evaluate({ objective, exclusions: [], ...judged, file });
  const judgeMs = performance.now() - startedMs - readMs;
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(JSON.stringify({ readMs, judgeMs, cpuMs, peakMiB } satisfies Told));
}

function tell(name: string, told: readonly Told[]): void {
  const each = (of: (one: Told) => number, digits = 0) => tellSpread(spreadOf(told.map(of)), digits);
  process.stdout.write(
    `${name}: ${each(({ readMs, judgeMs }) => rows / (readMs + judgeMs))} thousand rows/s, ` +
      `CPU ${each(({ cpuMs }) => cpuMs)} ms, read ${each(({ readMs }) => readMs)} ms, judge ${each(({ judgeMs }) => judgeMs)} ms, ` +
      `peak ${each(({ peakMiB }) => peakMiB)} MiB\n`,
  );
}
