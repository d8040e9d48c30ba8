import type { Accumulator } from '../../../../../collector/accumulator.ts';
import { EthdevOwners } from '../../../../../collector/ethdev-owners.ts';
import { RunningSource } from '../../../../../collector/running-source.ts';
import { OvsSource } from '../../../../../collector/sources/ovs/source.ts';
import { VhostSockets } from '../../../../../collector/vhost-sockets.ts';
import type { Kind, RowOf } from '../../../../../core/catalogue/columns.ts';
import { datapathSlot } from '../../../../../core/catalogue/datapath-kinds.ts';
import { dropSlot, event, portSlot } from '../../../../../core/catalogue/kinds.ts';
import { silentLogger } from '../../../../../core/runtime/logger.ts';
import { ManualClock } from '../../../../fakes/manual-clock.ts';
import { ScriptedNative } from '../../../../fakes/scripted-native.ts';
import type { FakeOvs } from './fake-ovs.ts';

/** Second of tick 0; a multiple of 60, so that tick n asks the question of phase n % 5. */
const start = 1_800_000_000;

export interface TickResult {
  /** `ok`, or the code of why not. */
  readonly outcome: string;
  readonly accumulator: Accumulator | undefined;
  /** Questions to the daemon. */
  readonly asked: readonly string[];
}

/** The source as the collector runs it, on a clock that the test moves, and every row that was kept. */
export class SourceRun {
  readonly clock = new ManualClock(start);
  readonly owners = new EthdevOwners();
  readonly sockets = new VhostSockets();
  readonly source: OvsSource;
  readonly #ovs: FakeOvs;
  readonly #running: RunningSource;
  readonly #kept: Accumulator[] = [];
  #second = 0;

  constructor(ovs: FakeOvs) {
    this.#ovs = ovs;
    this.source = new OvsSource({
      native: new ScriptedNative(this.clock),
      place: 'b0',
      procRoot: ovs.procRoot,
      ovsRunDir: ovs.runDir,
      ethdevOwners: this.owners,
      vhostSockets: this.sockets,
    });
    this.#running = new RunningSource({
      source: this.source,
      host: 'cn1',
      deadlineMs: 900,
      logger: silentLogger,
      resumed: new Map(),
      monoNs: () => this.clock.read().monoNs,
    });
  }

  get second(): number {
    return this.#second;
  }

  /** The next second. `keep`: whether the bus takes it; `meanwhile`: what happens before the second ends. */
  async tick({ keep = true }: { keep?: boolean } = {}): Promise<TickResult> {
    this.clock.advance(1000);
    this.#second++;
    const before = this.#ovs.asked.length;
    const tick = { boundary: start + this.#second, keyFrame: this.#second % 60 === 0 };
    const { status, accumulator } = await this.#running.gather(tick, new AbortController().signal);
    if (keep && accumulator !== undefined) {
      this.#running.commit(accumulator, tick.boundary);
      this.#kept.push(accumulator);
    }
    const outcome = status.code === '' ? status.state : status.code;
    return { outcome, accumulator, asked: this.#ovs.asked.slice(before) };
  }

  async ticks(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.tick();
  }

  /** Goes on to the second in which a phase of five comes. */
  async until(phase: number): Promise<void> {
    while ((this.#second + 1) % 5 !== phase) await this.tick();
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  /** A tick in which the database is being connected to: it is read from the next on. */
  async open(): Promise<void> {
    await this.tick();
    await this.#ovs.synced();
  }

  rows<K extends Kind>(kind: K): RowOf<K>[] {
    return this.#kept.flatMap((accumulator) => (accumulator.rows.get(kind) ?? []) as RowOf<K>[]);
  }

  facts(): Map<string, string> {
    return new Map(this.#kept.flatMap(({ facts }) => facts.map(({ name, value }) => [name, value] as const)));
  }

  events(): string[] {
    return this.rows(event).map(({ event: what, object }) => `${what} ${object}`);
  }

  /** Slots of a row, from the start of the run, and what is known of them. */
  portRows(port: string, direction: string) {
    return this.rows(portSlot)
      .filter((row) => row.port === port && row.direction === direction)
      .map(({ slot, slots, state, packetsInc }) => [slot - start, slots, state, packetsInc] as const);
  }

  /** Known packets of a port and direction, and known losses. */
  known(port: string, direction: string): readonly [packets: bigint, lost: bigint] {
    const rows = this.rows(portSlot).filter((row) => row.port === port && row.direction === direction);
    return [sum(rows.map((row) => row.packetsInc)), sum(rows.map((row) => row.dropsOutsideInc))];
  }

  cause(port: string, cause: string): readonly (readonly [number, number, string, bigint | null])[] {
    return this.rows(dropSlot)
      .filter((row) => row.port === port && row.cause === cause)
      .map(({ slot, slots, state, packetsInc }) => [slot - start, slots, state, packetsInc] as const);
  }

  ledger() {
    return this.rows(datapathSlot).map((row) => ({ ...row, slot: row.slot - start }));
  }
}

export function sum(values: readonly (bigint | null)[]): bigint {
  return values.reduce<bigint>((all, value) => all + (value ?? 0n), 0n);
}
