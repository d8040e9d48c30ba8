/**
 * Takes pictures of advice for a thread that really is too full: OVS-DPDK with two polling threads and four guests, two of which
 * send to one thread what is then copied sixty times a packet, so that few packets fill it. An operator makes the move that is
 * advised, and what came of it is told.
 *
 *     node test/system/advice-lab.ts [--out FOLDER] [--port N]
 *
 * Six minutes. Wants root, the lab's packages, and a machine with two CPUs that does nothing else: the full thread has CPU 1 to
 * itself, everything else shares CPU 0 with the thread that has room.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AdviceDetail, AdvicePage, DatapathNowPage } from '../../server/api/schema/remediation.ts';
import { cpusOf, isPolling, kernelThreads, ourProcesses, pin, threadsOf } from '../lab/cpus.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { startProduct } from '../lab/product.ts';
import { programPath, runProgram } from '../lab/programs.ts';
import { until } from '../lab/waiting.ts';
import { launchBrowser } from '../web/browser.ts';
import { CopiedLoad } from './advice-lab/copied-load.ts';
import { ProductApi } from './product-api.ts';

const { values: options } = parseArgs({
  options: { out: { type: 'string', default: 'screenshots' }, port: { type: 'string', default: '0' } },
});
const stopping = new AbortController();
const { signal } = stopping;
const tooLong = setTimeout(() => stopping.abort(new Error('it took longer than eight minutes')), 480_000).unref();
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort(new Error(name)));

const unboundWork = '/sys/devices/virtual/workqueue/cpumask';
const wasUnbound = readFileSync(unboundWork, 'utf8').trim();
/** Kernel threads that may run anywhere. */
const kernel = kernelThreads().filter((tid) => cpusOf(tid, tid) === '0-1');
const began = performance.now();
const say = (text: string) => process.stdout.write(`${Math.round((performance.now() - began) / 1_000)} s: ${text}\n`);

interface PollingThreads {
  readonly full: number;
  readonly roomy: number;
}

function pollingThreads(lab: Lab): PollingThreads {
  const pid = lab.ovs.switchProcess?.pid ?? 0;
  const onCpu = (cpu: number) => {
    const found = threadsOf(pid).find(({ tid, name }) => isPolling(name) && cpusOf(pid, tid) === String(cpu));
    if (found === undefined) throw new Error(`no polling thread on CPU ${cpu}`);
    return found.tid;
  };
  return { full: onCpu(1), roomy: onCpu(0) };
}

/** All that the lab and the product run, and work of the kernel that may run anywhere, away from CPU 1 but its polling thread. */
async function setApart(): Promise<void> {
  for (const pid of [...ourProcesses(), ...kernel]) await pin(pid, '0');
  writeFileSync(unboundWork, '1');
}

/** Back to where they may run at first. */
async function mix(): Promise<void> {
  for (const pid of [...ourProcesses(), ...kernel]) await pin(pid, '0-1');
  writeFileSync(unboundWork, wasUnbound);
}

const chrt = (...args: readonly string[]) => runProgram(programPath('chrt', 'util-linux'), args);
const renice = (nice: number, tid: number) => runProgram('/usr/bin/renice', ['-n', String(nice), '-p', String(tid)]);

/**
 * The thread that has room shares its CPU with everything else, and is to run as soon as it wakes, as on a core of its own. It
 * sleeps most of the time; should it not, the kernel ends the switch after two seconds without sleep.
 */
async function asOnItsOwnCore(lab: Lab, { roomy }: PollingThreads, isSo: boolean): Promise<void> {
  const prlimit = programPath('prlimit', 'util-linux');
  await runProgram(prlimit, ['--pid', String(lab.ovs.switchProcess?.pid), '--rttime=2000000:2000000']);
  await (isSo ? chrt('-f', '-p', '1', String(roomy)) : chrt('-o', '-p', '0', String(roomy)));
}

async function shoot(url: string, tag: string, pages: Readonly<Record<string, string>>): Promise<void> {
  mkdirSync(options.out, { recursive: true });
  // Else a browser on the half of a CPU takes minutes.
  await mix();
  const browser = await launchBrowser();
  try {
    for (const colorScheme of ['dark', 'light'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } });
      const page = await context.newPage();
      page.setDefaultTimeout(120_000);
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${url}${path}`);
        await page.getByRole('heading', { level: 1 }).waitFor();
        await page.locator('.state-loading').first().waitFor({ state: 'detached' });
        const file = join(options.out, `${name}-${tag}-${colorScheme}.png`);
        await page.screenshot({ path: file, fullPage: true });
        say(file);
      }
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

const percent = (ppm: number | null | undefined) => (ppm == null ? 'unknown' : `${(ppm / 10_000).toFixed(1)} %`);

/** Advice with moves that no gate holds back. */
async function advised(api: ProductApi, load: CopiedLoad): Promise<string> {
  return until({ what: 'a plan is advised', deadlineMs: 240_000, everyMs: 7_000, signal }, async () => {
    await setApart();
    const shares = await load.hold();
    const [now] = (await api.get<DatapathNowPage>('remediation/datapaths')).items;
    const gates = now?.gates.map(({ gate }) => gate).join(', ') || 'none';
    say(`${shares} of core 1; ${now?.diagnosis}, ${now?.decision}, gates: ${gates}; ${now?.because.join('; ')}`);
    const { items } = await api.get<AdvicePage>('remediation/advice');
    return items.find(({ decision, moves }) => decision === 'plan' && moves.length > 0)?.id;
  });
}

/** Does by hand what was advised. A thread with so much to do under a real-time class would leave the others nothing. */
async function makeMoves(lab: Lab, threads: PollingThreads, { moves }: AdviceDetail): Promise<void> {
  await asOnItsOwnCore(lab, threads, false);
  await renice(-20, threads.roomy);
  for (const { rxq, to } of moves) {
    const [port = '', queue = ''] = rxq.split('/');
    await lab.ovs.vsctl('set', 'Interface', port, `other_config:pmd-rxq-affinity="${queue}:${to}"`);
    say(`an operator pins ${rxq} to core ${to}`);
  }
}

async function prove(lab: Lab, url: string): Promise<void> {
  const api = new ProductApi(url);
  const threads = pollingThreads(lab);
  await renice(-20, threads.full);
  await asOnItsOwnCore(lab, threads, true);
  await setApart();
  const load = await CopiedLoad.start(lab, 1);
  const id = await advised(api, load);
  const path = `remediation/advice/${id}`;
  const advice = await api.get<AdviceDetail>(path);
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'plan-input.json'), `${JSON.stringify(advice.input, null, 1)}\n`);
  await shoot(url, 'before', { advice: '/advice', plan: `/advice/${id}` });
  await makeMoves(lab, threads, advice);
  const { outcome } = await until(
    { what: 'what came of it', deadlineMs: 120_000, everyMs: 3_000, signal },
    async () => {
      const detail = await api.get<AdviceDetail>(path);
      return detail.outcome === null ? undefined : detail;
    },
  );
  await shoot(url, 'after', { advice: '/advice', plan: `/advice/${id}` });
  const moves = advice.moves.map(({ rxq, from, to }) => `${rxq} from core ${from} to ${to}`).join(', ');
  say(
    `advised ${moves}: ${percent(advice.beforePpm)} to ${percent(advice.predictedPpm)}, observed ${percent(outcome?.observedPpm)}`,
  );
}

const otherConfig = { 'pmd-rxq-isolate': 'false', 'pmd-rxq-assign': 'group' };
const lab = await startLab({ guests: 4, uplinkQueues: 0, otherConfig, signal });
try {
  const product = await startProduct(lab, lab.state, Number(options.port), signal);
  try {
    await prove(lab, product.url);
  } finally {
    await product.process.stop(10_000);
  }
} finally {
  clearTimeout(tooLong);
  await mix();
  await lab.stop();
}
