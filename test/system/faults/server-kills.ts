import { rmSync } from 'node:fs';
import { sleepMs } from '../../../core/runtime/clock.ts';
import { GeneratedLog, type GeneratedLogOptions } from '../../fakes/generated-log.ts';
import { until } from '../../lab/waiting.ts';
import {
  aSubjectFolder,
  endOfSubject,
  forgetOffsets,
  logSubject,
  memorySubject,
  points,
  runSubject,
  startSubject,
  storedBy,
} from '../exactly-once-fixture.ts';
import type { Spawned } from '../spawned.ts';
import type { Random } from './road-faults.ts';
import { childOf, signalTo } from './subject.ts';

/** A server without a broker: on a generated log that outlives it, or with the bus in memory and a spool before it. */
export const serverKinds = ['generated log', 'bus in memory'] as const;
export type ServerKind = (typeof serverKinds)[number];

const victims = [...points, 'anywhere', 'store', 'control store'] as const;
type Victim = (typeof victims)[number];
/** What the processes of the stores are called in the list of processes. */
const programOf: Partial<Record<Victim, string>> = {
  store: 'store/embedded/child.ts',
  'control store': 'control/embedded/main.ts',
};
/** A victim is started about so long before it stores; a kill anywhere comes within this, ms. */
const anywhereMs = 4000;

export interface ServerFault {
  readonly name: string;
  readonly kind: ServerKind;
  readonly victim: Victim;
}

/** One fault is one life of a server that ends by kill -9. */
export const serverFaults: readonly ServerFault[] = serverKinds.flatMap((kind) =>
  victims.map((victim) => ({ name: `${kind}: ${victim}`, kind, victim })),
);

/** Kills a server as often as there are faults, lets the last one store all, and compares. */
export class ServerLog {
  readonly #kind: ServerKind;
  readonly #folder: string;
  readonly #options: GeneratedLogOptions;
  readonly #random: Random;

  static async open(kind: ServerKind, seed: number, firstSlot: number, random: Random): Promise<ServerLog> {
    const isLog = kind === 'generated log';
    // More than its servers can store in their lives, each of which ends by its kill.
    const sizes = isLog
      ? { messages: 2000, recordsARead: 10, readMs: 60 }
      : { messages: 600, recordsARead: 20, readMs: 0 };
    const options = { seed, hosts: 3, firstSlot, ...sizes };
    return new ServerLog(kind, await aSubjectFolder(), options, random);
  }

  private constructor(kind: ServerKind, folder: string, options: GeneratedLogOptions, random: Random) {
    this.#kind = kind;
    this.#folder = folder;
    this.#options = options;
    this.#random = random;
  }

  /** False: the victim had stored all before its kill came. */
  async inflict({ victim }: ServerFault): Promise<boolean> {
    const isPoint = points.some((point) => point === victim);
    const server = this.#start(isPoint ? [victim, String(1 + Math.floor(this.#random() * 6))] : []);
    if (isPoint) return (await endOfSubject(server)) === 'SIGKILL';
    const took = await this.#killLater(server, victim);
    // The server goes on without the store it had, and is killed itself a little later.
    if (victim !== 'anywhere') await this.#killLater(server, 'anywhere');
    const code = await server.end();
    // One whose store dies while it is being opened does not start, and says so: whoever started it starts it again.
    const isExcused = took && /FN_(STORE|CONTROL)_AWAY/.test(server.stderr);
    if (code !== 0 && code !== 'SIGKILL' && !isExcused) throw new Error(server.stderr);
    return took;
  }

  async account(): Promise<ServerAccount> {
    await runSubject(this.#folder, { ...this.#options, readMs: 0 }, [], this.#program);
    return compared(this.#folder, this.#options, this.#kind === 'generated log');
  }

  async remove(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #program(): string {
    return this.#kind === 'generated log' ? logSubject : memorySubject;
  }

  #start(kill: readonly string[]): Spawned {
    return startSubject(this.#folder, this.#options, kill, this.#program);
  }

  /** False: it had ended before, or never had such a process. */
  async #killLater(server: Spawned, victim: Victim): Promise<boolean> {
    await sleepMs(this.#random() * anywhereMs, new AbortController().signal);
    const { child } = server;
    const program = programOf[victim];
    const target = await until({ what: `there is a ${victim}`, deadlineMs: 10_000 }, () => {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return 'ended';
      return program === undefined ? child.pid : childOf(child.pid, program);
    });
    return target !== 'ended' && signalTo(target, 'SIGKILL');
  }
}

/** As many blocks as a server makes in an hour. */
const blocksOfAnHour = 3600 / 2;
export const hourAgain = 'generated log: all of it again after an hour of blocks';

/** Stores a log in very many blocks, forgets the offsets, and reads all of it again in others. */
export async function accountOfHourAgain(seed: number, firstSlot: number): Promise<ServerAccount> {
  const folder = await aSubjectFolder();
  const options = { seed, messages: 3600, hosts: 1, firstSlot, readMs: 0, recordsARead: 2, lingerMs: 0 };
  try {
    await runSubject(folder, options);
    const blocks = await forgetOffsets(folder);
    await runSubject(folder, { ...options, recordsARead: 7 });
    const { wrong, ...account } = await compared(folder, options, false);
    const few = blocks < blocksOfAnHour ? [`only ${blocks} blocks`] : [];
    return { ...account, blocks, wrong: [...wrong, ...few] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export interface ServerAccount {
  readonly messages: number;
  readonly lost: number;
  readonly doubled: number;
  readonly blocks?: number;
  readonly wrong: readonly string[];
}

/** What cannot be read has no sequence: where it may come twice, it may be kept twice. */
async function compared(folder: string, options: GeneratedLogOptions, isOnce: boolean): Promise<ServerAccount> {
  const { sums } = new GeneratedLog(options);
  const found = await storedBy(folder);
  const lost = Math.max(0, sums.messages + found.twice - found.messages);
  const letters = isOnce ? found.poison === sums.poison : found.poison >= sums.poison;
  const same = found.rows === sums.rows && found.packets === sums.packets && found.rolled === sums.packets && letters;
  const wrong = same ? [] : [`stored ${show(found)}, generated ${show(sums)}`];
  return { messages: sums.messages, lost, doubled: found.twice, wrong };
}

function show(sums: object): string {
  return Object.entries(sums)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}
