/**
 * The lab from the command line: OVS-DPDK, four guests, a wire and a testpmd, with the product looking at them.
 *
 *     npm run lab -- --help
 */
import os from 'node:os';
import { parseArgs } from 'node:util';
import { proveScenarios, scenarioNames, scenariosOf } from '../system/scenario/prove-scenarios.ts';
import { type Lab, startLab } from './lab.ts';
import { LabError } from './lab-error.ts';
import { addressOf, demandLab, type EndCounts, readEnds, runBurst } from './lab-files.ts';
import { readLabState } from './lab-state.ts';
import { isAlive, signalProcess } from './process-id.ts';
import { startProduct } from './product.ts';
import { stopLab, sweepDeadLabs } from './stop-lab.ts';
import { until } from './waiting.ts';

const help = `npm run lab [-- VERB OPTIONS]      (root, Debian 12)

  up        (default) starts the lab and the product, and stays until Ctrl-C
  status    counts of each end of a running lab
  burst     sends exactly N packets and tells what became of them
  scenario  [all|NAME ...] faults in a lab of its own, with what was lost beside what was expected; exit code 1: not so
  stop      takes everything of the lab away, whatever became of its owner

scenarios: ${scenarioNames.join(' ')}

  --folder DIR    where the lab is (default /run/fournines-lab)
  --json          JSON instead of text
up:
  --pps N         steady load on vhu3 > vhu4 and wire > vhu1, packets a second each (default 0, at most 200000)
  --port N        HTTP port of the product (default 8080; 0: any free one)
  --lab-only      without the product
burst:
  --from NAME     wire, vhu1 … vhu4 (default vhu3)
  --to NAME       the other end (default: wire > vhu1, vhu3 > vhu4, vhu4 > vhu3, else the wire)
  --count N       packets (default 100000)
  --pps N         packets a second (default 100000, at most 1000000)
  --size N        bytes of a frame without its check sequence (default 64, at most 1514)

Exit codes: 0 yes, 1 no or a failed step, 2 bad input or usage, 3 something of the machine is not there.
`;

const say = (line: string) => process.stdout.write(`${line}\n`);

interface Options {
  readonly scenarios: readonly string[];
  readonly folder: string;
  readonly json: boolean;
  readonly labOnly: boolean;
  readonly from: string;
  readonly to: string | undefined;
  readonly count: number;
  readonly pps: number | undefined;
  readonly port: number;
  readonly size: number;
}

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new LabError(2, `--${name} is a whole number from ${least} to ${most}`, { hint: 'npm run lab -- --help' });
}

function readArguments(argv: readonly string[]): { verb: string; isHelp: boolean; options: Options } {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      ...{ folder: text, from: text, to: text, count: text, pps: text, port: text, size: text },
      ...{ json: flag, 'lab-only': flag, help: flag },
    },
  });
  const [verb = 'up', ...names] = positionals;
  if (names.length > 0 && verb !== 'scenario')
    throw new LabError(2, 'one verb at a time', { hint: 'npm run lab -- --help' });
  return {
    verb,
    isHelp: values.help,
    options: {
      scenarios: names.length === 0 ? ['all'] : names,
      folder: values.folder ?? '/run/fournines-lab',
      json: values.json,
      labOnly: values['lab-only'],
      from: values.from ?? 'vhu3',
      to: values.to,
      count: whole('count', values.count, 1, 1_000_000_000) ?? 100_000,
      pps: whole('pps', values.pps, 0, 1_000_000),
      port: whole('port', values.port, 0, 65_535) ?? 8080,
      size: whole('size', values.size, 64, 1514) ?? 64,
    },
  };
}

const tell = (options: Options, value: object, lines: readonly string[]) => {
  const json = () => JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
  say(options.json ? json() : lines.join('\n'));
};

function row(cells: readonly (string | bigint | number | boolean)[]): string {
  return cells.map((cell, index) => (index === 0 ? String(cell).padEnd(10) : String(cell).padStart(13))).join('');
}

function countLines(ends: readonly EndCounts[]): string[] {
  const head = row(['end', 'attempted', 'sent', 'refused', 'received', 'link', 'sends']);
  return [
    head,
    ...ends.map((end) =>
      row([end.name, end.attempted, end.sent, end.refused, end.received, end.hasLink, end.isRunning]),
    ),
  ];
}

/** The load runs ten minutes at most at a time; it is ordered anew until the lab ends. */
async function keepLoad(lab: Lab, pps: number, signal: AbortSignal): Promise<void> {
  const loads = [
    { from: lab.guest('vhu3'), to: lab.guest('vhu4') },
    ...(lab.wire === undefined ? [] : [{ from: lab.wire, to: lab.guest('vhu1') }]),
  ];
  await until({ what: 'the end of the load', deadlineMs: Number.MAX_SAFE_INTEGER, everyMs: 2000, signal }, async () => {
    for (const { from, to } of loads) {
      if (!(await from.sums()).isRunning) await from.start({ pps, destination: to.address });
    }
    return false;
  });
}

async function up(options: Options): Promise<number> {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort());
  const pps = options.pps ?? 0;
  if (pps > 200_000) throw new LabError(2, '--pps of a steady load is at most 200000', { hint: 'Two CPUs share it.' });
  try {
    await runLab(options, pps, ending.signal);
  } catch (error) {
    // Ended while it was still starting: startLab has taken everything away.
    if (!ending.signal.aborted) throw error;
  }
  return 0;
}

async function runLab(options: Options, pps: number, signal: AbortSignal): Promise<void> {
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  const lab = await startLab({ folder: options.folder, testpmd: { ports: 8, rxQueues: 4, txQueues: 4 }, signal });
  try {
    signal.throwIfAborted();
    const product = options.labOnly ? undefined : await startProduct(lab, lab.state, options.port, signal);
    tellLab(options, lab, product?.url);
    const load = pps > 0 ? keepLoad(lab, pps, signal).catch(() => undefined) : Promise.resolve();
    await stopped;
    await load;
    await product?.process.stop(10_000);
  } finally {
    await lab.stop();
  }
}

function tellLab(options: Options, lab: Lab, url: string | undefined): void {
  const ports = [...(lab.wire === undefined ? [] : [lab.wire]), ...lab.guests].map((end) => ({
    end: end.name,
    port: end.index === 0 ? 'uplink0' : end.name,
    queues: end.queues,
    address: addressOf(end.name),
  }));
  const lines = [
    row(['end', 'port', 'queues', '', 'address']),
    ...ports.map(({ end, port, queues, address }) => row([end, port, queues, '    ', address])),
    `OVS:      ${lab.ovs.runDir}`,
    `DPDK:     ${lab.dpdkRuntimeDir} (testpmd: 8 null ports of 4 queues)`,
    ...(url === undefined ? [] : [`the page: ${url}`]),
    'Ctrl-C ends it; npm run lab -- burst sends, npm run lab -- status counts.',
  ];
  tell(
    options,
    { folder: lab.folder, runDir: lab.ovs.runDir, dpdk: lab.dpdkRuntimeDir, url: url ?? null, ports },
    lines,
  );
}

async function stop(options: Options): Promise<number> {
  const owner = readLabState(options.folder)?.owner;
  if (owner !== undefined && isAlive(owner)) {
    signalProcess(owner, 'SIGTERM');
    await until({ what: 'the lab ends', deadlineMs: 20_000 }, () => !isAlive(owner)).catch(() => {
      signalProcess(owner, 'SIGKILL');
    });
  }
  const wasThere = (await stopLab(options.folder)) || owner !== undefined;
  await sweepDeadLabs(os.tmpdir());
  tell(options, { stopped: wasThere }, [wasThere ? 'the lab is gone' : 'no lab was there']);
  return 0;
}

async function status(options: Options): Promise<number> {
  const state = demandLab(options.folder);
  const ends = await readEnds(state);
  const gone = Object.keys(state.controls).filter((name) => !ends.some((end) => end.name === name));
  tell(options, { ends, gone }, [...countLines(ends), ...gone.map((name) => `${name} is gone`)]);
  return gone.length === 0 && ends.every(({ hasLink }) => hasLink) ? 0 : 1;
}

async function burst(options: Options): Promise<number> {
  const state = demandLab(options.folder);
  const result = await runBurst(state, { ...options, pps: options.pps ?? 100_000 });
  const head = row(['from > to', 'attempted', 'sent', 'refused', 'received']);
  const { from, to, attempted, sent, refused, received } = result;
  tell(options, result, [head, row([`${from} > ${to}`, attempted, sent, refused, received])]);
  return 0;
}

async function scenario(options: Options): Promise<number> {
  const chosen = options.scenarios.flatMap((name) => {
    const found = scenariosOf(name);
    if (found !== undefined) return found;
    throw new LabError(2, `there is no scenario ${name}`, { hint: scenarioNames.join(' ') });
  });
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => ending.abort());
  const machine = chosen.some(({ way }) => way?.to === 'vm1') ? { machineQueues: 1 } : {};
  const hasCard = chosen.some(({ way }) => way?.from === 'card');
  const lab = await startLab({ folder: options.folder, signal: ending.signal, hasCard, ...machine });
  try {
    const product = await startProduct(lab, lab.state, options.port, ending.signal);
    const wrong = await proveScenarios({ lab, url: product.url }, chosen, say);
    await product.process.stop(10_000);
    return wrong === 0 ? 0 : 1;
  } finally {
    await lab.stop();
  }
}

const verbs: Readonly<Record<string, (options: Options) => Promise<number>>> = { up, stop, status, burst, scenario };

async function run(argv: readonly string[]): Promise<number> {
  try {
    const { verb, isHelp, options } = readArguments(argv);
    if (isHelp) {
      process.stdout.write(help);
      return 0;
    }
    const action = verbs[verb];
    if (action === undefined) throw new LabError(2, `there is no verb ${verb}`, { hint: 'npm run lab -- --help' });
    return await action(options);
  } catch (error) {
    const isUsage = error instanceof TypeError && 'code' in error;
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof LabError ? error.hint : 'npm run lab -- --help';
    process.stderr.write(`lab: ${message}\n  ${hint}\n`);
    if (error instanceof LabError) return error.exit;
    return isUsage ? 2 : 1;
  }
}

process.exitCode = await run(process.argv.slice(2));
