import type { Accumulator } from '../../accumulator.ts';
import type { Ethdev } from './ethdev.ts';
import type { Peer } from './peer.ts';
import type { ProcessReader } from './process-reader.ts';
import { forgetPortFacts, forgetProcessFacts } from './process-rows.ts';
import { Told } from './told.ts';

/** Replies have to be good for so many ticks before they are said to be: one that fails now and then is told once. */
const goodTicks = 10;

interface Failing {
  /** The first reply that failed. */
  readonly command: string;
  readonly status: string;
  /** Replies that failed since. */
  failed: number;
  /** Good ticks in a row. */
  good: number;
}

/** Events of processes and devices: each change is told once, and told again when the tick that told it was not kept. */
export class Tidings {
  readonly #told = new Told();
  readonly #failing = new Map<string, Failing>();
  /** Error code with which the connection to a process ended. */
  readonly #ended = new Map<string, string>();

  begin(): void {
    this.#told.begin();
  }

  kept(): void {
    this.#told.kept();
  }

  /** Whether a process was told of whose end is not. */
  get hasToSayGoodbye(): boolean {
    return this.#told.subjects('process ').length > 0;
  }

  ended(label: string, code: string): void {
    this.#ended.set(label, code);
    this.#failing.delete(label);
  }

  /** Ends of processes and devices, before what is there now: a new one may have the same name. */
  tellGone(readers: readonly ProcessReader[], into: Accumulator): void {
    const labels = new Set(readers.map(({ label }) => `process ${label}`));
    const ports = new Set(readers.flatMap(({ table }) => table.ethdevs.map(({ port }) => `port ${port}`)));
    for (const subject of this.#told.subjects('port ')) {
      if (ports.has(subject)) continue;
      const port = subject.slice('port '.length);
      into.event('port_gone', port, {});
      forgetPortFacts(port, into);
      for (const about of ['port', 'cut', 'queues']) this.#told.isNews(`${about} ${port}`, null);
    }
    for (const subject of this.#told.subjects('process ')) {
      if (labels.has(subject)) continue;
      const label = subject.slice('process '.length);
      into.event('dpdk_process_gone', label, { code: this.#ended.get(label) ?? '' });
      forgetProcessFacts(label, into);
      for (const about of ['process', 'spread', 'replies']) this.#told.isNews(`${about} ${label}`, null);
    }
    for (const label of this.#ended.keys()) if (!this.#told.subjects(`process ${label}`)[0]) this.#ended.delete(label);
  }

  /** Sockets that take no connection though a program may be there; a file left behind is no news. */
  tellRefusals(peers: readonly Peer[], into: Accumulator): void {
    const paths = new Set(peers.map(({ socket }) => `refused ${socket.path}`));
    for (const subject of this.#told.subjects('refused ')) if (!paths.has(subject)) this.#told.isNews(subject, null);
    for (const { socket, refusal, isStale, connection } of peers) {
      const isRefused = refusal !== undefined && !isStale && connection === undefined;
      const value = isRefused ? `${refusal.code} ${refusal.errno}` : null;
      if (this.#told.isNews(`refused ${socket.path}`, value) && refusal !== undefined && value !== null) {
        into.event('telemetry_refused', socket.path, { code: refusal.code, errno: refusal.errno });
      }
    }
  }

  tellLeftOut(count: number, into: Accumulator): void {
    const isNews = this.#told.isNews('left out', count === 0 ? null : String(count));
    if (isNews && count > 0) into.event('dpdk_processes_left_out', 'dpdk', { count });
  }

  /** Gives whether the process is new. */
  tellProcess(reader: ProcessReader, into: Accumulator): boolean {
    const { label, connection, spread, look } = reader;
    const { pid, version } = connection;
    const isNew = this.#told.isNews(`process ${label}`, `${pid} ${look?.startTicks ?? ''} ${version}`);
    if (isNew) into.event('dpdk_process_seen', label, { pid, version, program: look?.comm ?? '' });
    if (this.#told.isNews(`spread ${label}`, spread === 1 ? null : String(spread))) {
      into.event('xstats_spread', label, { ticks: spread, devices: reader.table.ethdevs.length });
    }
    this.#tellReplies(reader, into);
    return isNew;
  }

  tellPort({ label }: ProcessReader, { port, id, xstatsCutAt, queuesHidden }: Ethdev, into: Accumulator): void {
    // Devices that were there when the process was found are its own news.
    const isNew = this.#told.isNews(`port ${port}`, String(id));
    if (isNew && this.#told.subjects(`process ${label}`).includes(`process ${label}`)) {
      into.event('port_seen', port, { id });
    }
    const isCut = this.#told.isNews(`cut ${port}`, xstatsCutAt === 0 ? null : 'cut');
    if (isCut && xstatsCutAt > 0) into.event('xstats_cut', port, { entries: xstatsCutAt });
    const areHidden = this.#told.isNews(`queues ${port}`, queuesHidden === 0 ? null : String(queuesHidden));
    if (areHidden && queuesHidden > 0) into.event('queues_hidden', port, { queues: queuesHidden });
  }

  #tellReplies({ label, replies }: ProcessReader, into: Accumulator): void {
    const isGood = replies.failed === 0 && replies.answered > 0;
    const failing = this.#failing.get(label);
    if (failing === undefined) {
      if (isGood) return;
      const { command = '', status = 'silent' } = replies.firstFailure ?? {};
      this.#failing.set(label, { command, status, failed: replies.failed, good: 0 });
    } else {
      failing.failed += replies.failed;
      failing.good = isGood ? failing.good + 1 : 0;
    }
    this.#tellFailing(label, into);
  }

  #tellFailing(label: string, into: Accumulator): void {
    const failing = this.#failing.get(label);
    if (failing === undefined) return;
    const { command, status, failed, good } = failing;
    const isOver = good >= goodTicks;
    const isNews = this.#told.isNews(`replies ${label}`, isOver ? null : 'failing');
    if (isNews && isOver) into.event('telemetry_recovered', label, { failed });
    else if (isNews) into.event('telemetry_reply', label, { code: 'FN_TELEMETRY_REPLY', command, status, failed });
    // Its end has been told and kept.
    else if (isOver) this.#failing.delete(label);
  }
}
