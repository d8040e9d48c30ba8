import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import type { ControlStore } from '../../../../server/control/control-store.ts';
import { EmbeddedStore } from '../../../../server/control/embedded/embedded-store.ts';
import { migrateControl } from '../../../../server/control/migrate.ts';
import { PostgresStore } from '../../../../server/control/postgres/postgres-store.ts';
import type { LabPostgres } from '../../../lab/postgres/lab-postgres.ts';
import { until } from '../../../lab/waiting.ts';
import { childOf, Subject, signalTo } from '../subject.ts';
import type { AlertRoadOptions } from './alert-config.ts';
import type { AlertDump, AlertOrder, AlertStatus } from './alert-subject.ts';
import { clearGate, type Go, letGo, standsStill } from './gate.ts';
import { Receivers } from './receivers.ts';

/** What a server has for a control store, and whether there is another one. */
export const alertKinds = ['embedded', 'postgres', 'two servers'] as const;
export type AlertKind = (typeof alertKinds)[number];

/** From a change, on a busy machine, to the last attempt: pauses and open circuits of minutes are seconds here. */
const quietMs = 60_000;
const endMs = 30_000;
const program = join(import.meta.dirname, 'alert-subject.ts');

interface Running {
  readonly name: string;
  readonly folder: string;
  subject: Subject;
  status: AlertStatus | undefined;
  clockAheadMs: number;
}

/** The stores of all roads of a run: what takes seconds is made once. */
export class AlertStores implements AsyncDisposable {
  readonly postgres: LabPostgres | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'fn-alert-faults-'));
  #made = 0;

  constructor(postgres: LabPostgres | undefined) {
    this.postgres = postgres;
  }

  async embedded(): Promise<string> {
    const model = join(this.#folder, 'model');
    if (this.#made++ === 0) await migrated(new EmbeddedStore({ folder: model, logger: silentLogger }));
    const folder = join(this.#folder, `embedded-${this.#made}`);
    cpSync(model, folder, { recursive: true });
    return folder;
  }

  async database(): Promise<NonNullable<AlertRoadOptions['postgres']>> {
    if (this.postgres === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    const database = `road_${this.#made++}`;
    const { options } = this.postgres;
    const admin = new PostgresStore({ ...options, logger: silentLogger });
    await admin.query(`CREATE DATABASE ${database}`).finally(() => admin.close());
    const own = { ...options, database };
    await migrated(new PostgresStore({ ...own, logger: silentLogger }));
    return own;
  }

  folder(name: string): string {
    const folder = join(this.#folder, `${name}-${this.#made}`);
    mkdirSync(folder);
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function migrated(store: ControlStore): Promise<void> {
  try {
    await store.open();
    await migrateControl(store);
  } finally {
    await store.close();
  }
}

/** One store, the servers on it, and the receivers that they tell; and what was done to them. */
export class AlertRoad implements AsyncDisposable {
  readonly kind: AlertKind;
  readonly receivers: Receivers;
  readonly options: Omit<AlertRoadOptions, 'subject' | 'folder' | 'dump' | 'clockAheadMs' | 'chaptersAsked'>;
  /** How many chapters were written each time that all was told and quiet. */
  readonly quietAfter: number[] = [];
  /** Each may leave an attempt to each receiver that is not written down. */
  kills = 0;
  readonly #stores: AlertStores;
  readonly #servers: Running[] = [];
  chaptersAsked = 0;

  static async open(
    kind: AlertKind,
    { seed, chapters }: { readonly seed: number; readonly chapters: number },
    stores: AlertStores,
  ): Promise<AlertRoad> {
    const place =
      kind === 'embedded' ? { embedded: await stores.embedded() } : { embedded: '', postgres: await stores.database() };
    const receivers = await Receivers.open();
    const common = { seed, chapters, ports: receivers.ports, clockBaseMs: Date.now() };
    return new AlertRoad(kind, receivers, { ...common, ...place }, stores);
  }

  private constructor(kind: AlertKind, receivers: Receivers, options: AlertRoad['options'], stores: AlertStores) {
    this.kind = kind;
    this.receivers = receivers;
    this.options = options;
    this.#stores = stores;
    for (const name of kind === 'two servers' ? ['first', 'second'] : ['alone']) {
      const folder = stores.folder(name);
      this.#servers.push({ name, folder, clockAheadMs: 0, ...this.#started(name, folder, 0) });
    }
  }

  get names(): readonly string[] {
    return this.#servers.map(({ name }) => name);
  }

  status(name: string): AlertStatus | undefined {
    return this.#of(name).status;
  }

  /** The one that does it now; whoever is first when nobody does. */
  async holder(of: keyof AlertStatus['holds']): Promise<string> {
    if (this.#servers.length === 1) return this.names[0] as string;
    // What was said before its store was away may be long past.
    for (const server of this.#servers) server.status = undefined;
    return until({ what: `somebody ${of}`, deadlineMs: endMs }, () =>
      this.names.find((n) => this.status(n)?.holds[of]),
    );
  }

  subject(name: string): Subject {
    return this.#of(name).subject;
  }

  arm(name: string, point: string, hit: number): void {
    this.subject(name).arm({ point, hit, afterMs: 0 });
  }

  standsStill(name: string): boolean {
    return standsStill(this.#of(name).folder);
  }

  letGo(name: string, go: Go = { clockMs: 0 }): void {
    const server = this.#of(name);
    server.clockAheadMs += go.clockMs;
    letGo(server.folder, go);
  }

  /** Lets the next chapter happen. */
  chapter(): void {
    this.chaptersAsked++;
    this.order({ what: 'chapter' });
  }

  order(order: AlertOrder): void {
    for (const { subject } of this.#servers) subject.order({ what: 'other', order });
  }

  /** kill -9, and started again. */
  async killAndStart(name: string): Promise<void> {
    const server = this.#of(name);
    this.kills++;
    await server.subject.kill();
    clearGate(server.folder);
    Object.assign(server, this.#started(name, server.folder, server.clockAheadMs));
  }

  /** kill -9 of the store under a server. */
  async killStore(name: string): Promise<void> {
    if (this.kind !== 'embedded') return this.#stores.postgres?.kill();
    signalTo(await this.#embedded(name), 'SIGKILL');
  }

  /** The store is away until what this gives is called: one on a network is gone, an embedded one hangs. */
  async holdStore(name: string): Promise<() => Promise<void>> {
    if (this.kind !== 'embedded') {
      await this.#stores.postgres?.kill();
      return async () => this.#stores.postgres?.run();
    }
    const store = await this.#embedded(name);
    signalTo(store, 'SIGSTOP');
    return async () => void signalTo(store, 'SIGCONT');
  }

  /** An embedded one is started by its server. */
  async startStore(): Promise<void> {
    if (this.kind !== 'embedded') await this.#stores.postgres?.run();
  }

  /** All chapters are written, all that is to be told by now is in the outbox, and nothing waits there. */
  async quiet(): Promise<void> {
    for (const server of this.#servers) server.status = undefined;
    await until({ what: `${this.kind}: everything is told`, deadlineMs: quietMs, hint: () => this.#describe() }, () => {
      const ended = this.#servers.find(({ subject }) => !subject.isRunning);
      if (ended !== undefined) throw new Error(`${ended.name} ended: ${ended.subject.stderr}`);
      return this.#servers.every(({ status }) => this.#isQuiet(status));
    });
    this.quietAfter.push(this.chaptersAsked);
  }

  async anyDisabled(): Promise<boolean> {
    return until({ what: 'a receiver is disabled', deadlineMs: endMs }, () =>
      this.#servers.some(({ status }) => (status?.disabled.length ?? 0) > 0),
    );
  }

  /** Ends it in order; what its store has. */
  async finish(): Promise<AlertDump> {
    for (const { subject } of this.#servers) subject.order({ what: 'finish' });
    for (const { name, subject } of this.#servers) {
      const timer = setTimeout(() => void subject.kill(), endMs);
      const code = await subject.end().finally(() => clearTimeout(timer));
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${subject.stderr}`);
    }
    return JSON.parse(readFileSync(this.#dump(this.names[0] as string), 'utf8')) as AlertDump;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { subject } of this.#servers) await subject.kill();
    await this.receivers[Symbol.asyncDispose]();
  }

  async #embedded(name: string): Promise<number> {
    const { pid } = this.subject(name);
    return until({ what: 'there is a store', deadlineMs: endMs }, () => childOf(pid, 'embedded/main.ts'));
  }

  #isQuiet(status: AlertStatus | undefined): boolean {
    return status?.chaptersWritten === this.chaptersAsked && status.isDecided && status.waiting.length === 0;
  }

  #describe(): string {
    return this.#servers.map(({ name, status }) => `${name}: ${JSON.stringify(status)}`).join('; ');
  }

  #dump(name: string): string {
    return join(this.#of(name).folder, 'dump.json');
  }

  #of(name: string): Running {
    const server = this.#servers.find((each) => each.name === name);
    if (server === undefined) throw new Error(`there is no server ${name}`);
    return server;
  }

  #started(name: string, folder: string, clockAheadMs: number): Pick<Running, 'subject' | 'status'> {
    const { chaptersAsked } = this;
    const own = { subject: name, folder, dump: join(folder, 'dump.json'), clockAheadMs, chaptersAsked };
    let server: Running | undefined;
    const subject = new Subject(program, { ...this.options, ...own }, (status) => {
      server ??= this.#servers.find((each) => each.subject === subject);
      if (server?.subject === subject) server.status = status as AlertStatus;
    });
    return { subject, status: undefined };
  }
}
