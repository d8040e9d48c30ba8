import { FourninesError } from '../../../core/runtime/error.ts';
import type { Accumulator } from '../../accumulator.ts';
import type { ReadTime } from '../../slot.ts';
import { parseCoverage } from './coverage.ts';
import type { CopiesRead, DatapathReader } from './datapath.ts';
import { parseFlowDump } from './dump-flows.ts';
import { type PmdPerf, parsePmdPerf } from './pmd-perf.ts';
import { parsePmdRxq } from './pmd-rxq.ts';
import { closePmds, type Rxqs, writeRxqs } from './polling.ts';
import type { DaemonLife } from './ports.ts';
import type { ReadOnlyCommand } from './read-only-commands.ts';

/**
 * Which question goes with which second. Each costs the daemon's main thread 0.2 to 0.4 ms, so at most one goes beside the
 * question for ports. Flows are asked first and drops inside last: threads hand their drop counters on once a second, so
 * that at the end of the round everything is told up to when the flows were read.
 */
const periodSeconds = 5;
const phases = { flows: 0, queues: 1, threads: 2, drops: 3 } as const;
/** A dump of more flows takes the daemon's main thread longer than we may hold it up. */
const flowsMax = 2000n;

/** Asks the daemon; gives the answer and when it was read. */
export type Ask = (command: ReadOnlyCommand, args: readonly string[]) => Promise<readonly [string, ReadTime]>;

interface Threads {
  readonly threads: readonly PmdPerf[];
  readonly time: ReadTime;
}

/** What the daemon is asked every five seconds. */
export class SlowAnswers {
  #rxqs: Rxqs = new Map();
  #before: Threads | undefined;
  #lastThreads: readonly PmdPerf[] = [];
  #hasAskedThreads = false;
  #dumps = new Map<string, Omit<CopiesRead, 'executed'>>();

  /** Asked before the ports: threads, where packets to absent guests are counted. */
  async before(boundary: number, readers: readonly DatapathReader[], isLive: boolean, ask: Ask): Promise<void> {
    this.#before = undefined;
    // Ports that were read by the database are seconds older than what the threads say: no difference holds then.
    if (!isLive) for (const { down } of readers) down.lose();
    const [only] = readers;
    if (only !== undefined && !this.#hasAskedThreads) {
      this.#hasAskedThreads = true;
      // How many threads there are bounds what they can hold: known before the first row of the ledger.
      this.#lastThreads = (await this.#askThreads(ask))?.threads ?? [];
      only.notePmds(this.#lastThreads.filter(({ role }) => role === 'pmd').length);
    }
    if (phaseOf(boundary) !== phases.threads || !readers.some(({ down }) => down.isCounting)) return;
    this.#before = await this.#askThreads(ask);
    if (this.#before !== undefined && this.#wereCleared(this.#before.threads))
      for (const { down } of readers) down.lose();
  }

  /** Asked after the ports. */
  async after(
    { boundary, life, isLive, ask }: { boundary: number; life: DaemonLife; isLive: boolean; ask: Ask },
    readers: readonly DatapathReader[],
    into: Accumulator,
  ): Promise<void> {
    const phase = phaseOf(boundary);
    // Threads and drops are the process's own; with more than one datapath nobody can say whose.
    const [only] = readers;
    if (only === undefined) return;
    if (phase === phases.flows) await this.#askFlows(readers, ask);
    if (phase === phases.queues) await this.#askQueues(only, boundary, life, ask, into);
    if (phase === phases.drops) await this.#askDrops(readers, only, life, ask, into);
    const counting = isLive && readers.length === 1 && only.unread > 0 && !only.down.isCounting;
    const asked = this.#before ?? (phase === phases.threads || counting ? await this.#askThreads(ask) : undefined);
    if (asked === undefined) return;
    const { threads, time } = asked;
    if (phase === phases.threads) {
      only.notePmds(threads.filter(({ role }) => role === 'pmd').length);
      closePmds({ life, datapath: only.name, threads, rxqs: this.#rxqs, time }, into);
    }
    if (this.#before !== undefined) only.closeDown(threads, life, time, into);
    if (counting) {
      const after = this.#before === undefined ? asked : await this.#askThreads(ask);
      if (after !== undefined) only.beginDown(after.threads, life, after.time, into);
    }
    this.#lastThreads = threads;
  }

  /** Somebody gave pmd-stats-clear, or threads came or went: a sum over them means nothing across that. */
  #wereCleared(now: readonly PmdPerf[]): boolean {
    const last = new Map(this.#lastThreads.map(({ role, core, txPackets }) => [`${role} ${core}`, txPackets ?? 0n]));
    return (
      last.size !== now.length ||
      now.some(({ role, core, txPackets }) => (txPackets ?? 0n) < (last.get(`${role} ${core}`) ?? 0n))
    );
  }

  async #askThreads(ask: Ask): Promise<Threads | undefined> {
    const answer = await unlessRefused(ask('dpif-netdev/pmd-perf-show', ['-nh']));
    return answer && { threads: parsePmdPerf(answer[0]).threads, time: answer[1] };
  }

  async #askFlows(readers: readonly DatapathReader[], ask: Ask): Promise<void> {
    this.#dumps.clear();
    for (const { name, flowCount, lookups } of readers) {
      if (flowCount === undefined || lookups === undefined) continue;
      const isTooMuch = flowCount > flowsMax;
      // Even without their flows it is told up to when nothing is known of them.
      const answer = await unlessRefused(
        isTooMuch ? ask('dpctl/show', []) : ask('dpctl/dump-flows', ['-m', '--no-names', name]),
      );
      if (answer === undefined) continue;
      this.#dumps.set(name, { dump: isTooMuch ? undefined : parseFlowDump(answer[0]), lookups, time: answer[1] });
    }
  }

  async #askQueues(
    only: DatapathReader,
    boundary: number,
    life: DaemonLife,
    ask: Ask,
    into: Accumulator,
  ): Promise<void> {
    const answer = await unlessRefused(
      ask('dpif-netdev/pmd-rxq-show', takesSeconds(life.version) ? ['-secs', '5'] : []),
    );
    if (answer === undefined) return;
    const { pmds } = parsePmdRxq(answer[0]);
    this.#rxqs = new Map(pmds.map((pmd) => [pmd.core, pmd]));
    const { portNames } = only;
    writeRxqs({ datapath: only.name, pmds, portNames, slot: boundary - 1 }, into);
  }

  async #askDrops(
    readers: readonly DatapathReader[],
    only: DatapathReader,
    life: DaemonLife,
    ask: Ask,
    into: Accumulator,
  ): Promise<void> {
    const answer = await unlessRefused(ask('coverage/show', []));
    if (answer === undefined) return;
    const report = parseCoverage(answer[0]);
    if (readers.length === 1) only.closeCoverage(report, life, answer[1], into);
    for (const reader of readers) {
      const flows = this.#dumps.get(reader.name);
      const executed = report.totals.get('dpif_execute') ?? 0n;
      if (flows !== undefined) reader.closeCopies({ ...flows, executed }, life, into);
    }
    this.#dumps.clear();
  }
}

function phaseOf(boundary: number): number {
  return boundary % periodSeconds;
}

/** `-secs` came with 3.1; before, the shares are those of the last minute. */
function takesSeconds(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= 1);
}

/** Undefined when the daemon does not know the question or does not answer it: the ports were read all the same. */
export async function unlessRefused<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof FourninesError && (error.code === 'FN_OVS_REPLY' || error.code === 'FN_OVS_AWAY'))
      return undefined;
    throw error;
  }
}
