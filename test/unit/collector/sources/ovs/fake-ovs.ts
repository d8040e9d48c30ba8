import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vi } from 'vitest';
import { capture } from './captures.ts';
import type { FakePort, FakeSwitch } from './fake-switch.ts';
import { answer, type Question, type Script, ScriptedServer } from './scripted-server.ts';

const schema = JSON.parse(capture('3.1/ovsdb-session.ndjson').split('\n')[0] as string).result;
const rootUuid = '00000000-0000-4000-8000-000000000001';

type Json = Readonly<Record<string, unknown>>;

/** A run folder with a daemon and its database, both of them scripted, and the daemon's entry in a /proc of our own. */
export class FakeOvs {
  readonly root = mkdtempSync(path.join(tmpdir(), 'fn-ovs-'));
  readonly runDir = path.join(this.root, 'run');
  readonly procRoot = path.join(this.root, 'proc');
  readonly model: FakeSwitch;
  version = '3.5.0';
  pid = 100;
  /** Of the row of the switch itself. */
  externalIds: Readonly<Record<string, string>> = {};
  /** What the daemon was asked, with arguments. */
  readonly asked: string[] = [];
  /** Answers other than the switch's own, by command. */
  readonly instead = new Map<string, Script>();
  daemon: ScriptedServer | undefined;
  database: ScriptedServer | undefined;
  #monitor: Question | undefined;
  #synced: (() => void) | undefined;
  /** As last written. */
  #statistics = new Map<string, Map<string, bigint>>();

  constructor(model: FakeSwitch) {
    this.model = model;
    mkdirSync(this.runDir);
  }

  async startDaemon(pid = this.pid, startTicks = pid * 10): Promise<void> {
    this.pid = pid;
    const folder = path.join(this.procRoot, String(pid));
    mkdirSync(folder, { recursive: true });
    const fields = ['S', ...Array.from({ length: 18 }, (_, i) => i), startTicks, 1, 2];
    writeFileSync(path.join(folder, 'stat'), `${pid} (ovs-vswitchd) ${fields.join(' ')}\n`);
    rmSync(this.#ctl, { force: true });
    this.daemon = new ScriptedServer((question) => this.#answer(question), this.#ctl);
    await this.daemon.listen();
  }

  /** kill -9: the socket's file stays. */
  async killDaemon(): Promise<void> {
    await this.daemon?.die();
    writeFileSync(this.#ctl, '');
    rmSync(path.join(this.procRoot, String(this.pid)), { recursive: true });
  }

  async startDatabase(): Promise<void> {
    this.database = new ScriptedServer((question) => this.#serve(question), path.join(this.runDir, 'db.sock'));
    await this.database.listen();
  }

  async killDatabase(): Promise<void> {
    this.#monitor = undefined;
    await this.database?.die();
  }

  async stop(): Promise<void> {
    await this.daemon?.die();
    await this.database?.die();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** Until the client has read all that the database sent, or is gone; waits for one that is not there yet. */
  async synced(): Promise<void> {
    await vi.waitFor(() => {
      if (this.#monitor === undefined) throw new Error('nobody watches the database');
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#synced = resolve;
    this.#send({ method: 'echo', params: [], id: 'sync' });
    await promise;
  }

  /** The daemon writes the statistics of every port, which are told where they changed. */
  async refresh(): Promise<void> {
    const modified: Record<string, Json> = {};
    for (const port of this.model.ports) {
      const [before, now] = [this.#statistics.get(port.uuid) ?? new Map<string, bigint>(), port.statistics()];
      const changed = [...now].filter(([name, value]) => before.get(name) !== value);
      const gone = [...before].filter(([name]) => !now.has(name));
      this.#statistics.set(port.uuid, now);
      if (changed.length + gone.length > 0)
        modified[port.uuid] = { modify: { statistics: mapOf([...changed, ...gone]) } };
    }
    await this.update(modified);
  }

  /** A port was added to the database, or another state of it. */
  tell(port: FakePort): Promise<void> {
    this.#statistics.set(port.uuid, new Map());
    return this.update({ [port.uuid]: { insert: columnsOf(port, new Map()) } });
  }

  /** Another state of the row of the switch itself. */
  async tellExternalIds(externalIds: Readonly<Record<string, string>>): Promise<void> {
    const [before, now] = [this.externalIds, externalIds];
    this.externalIds = externalIds;
    const gone = Object.entries(before).filter(([key]) => !Object.hasOwn(now, key));
    const changed = Object.entries(now).filter(([key, value]) => before[key] !== value);
    const modify = { external_ids: mapOf([...gone, ...changed]) };
    this.#send({ method: 'update2', params: ['fournines', { Open_vSwitch: { [rootUuid]: { modify } } }], id: null });
    await this.synced();
  }

  tellStatus(port: FakePort, before: Readonly<Record<string, string>>): Promise<void> {
    const changed = Object.entries(port.status).filter(([name, value]) => before[name] !== value);
    return this.update({ [port.uuid]: { modify: { status: mapOf(changed) } } });
  }

  forget(port: FakePort): Promise<void> {
    this.#statistics.delete(port.uuid);
    return this.update({ [port.uuid]: { delete: null } });
  }

  async update(interfaces: Readonly<Record<string, Json>>): Promise<void> {
    if (Object.keys(interfaces).length > 0)
      this.#send({ method: 'update2', params: ['fournines', { Interface: interfaces }], id: null });
    // Nobody listens while the source is started again; it is told as it stands then.
    if (this.#monitor !== undefined) await this.synced();
  }

  get #ctl(): string {
    return path.join(this.runDir, `ovs-vswitchd.${this.pid}.ctl`);
  }

  #send(message: Json): void {
    this.#monitor?.socket.write(JSON.stringify(message));
  }

  #answer(question: Question): void {
    const { method = '', params } = question;
    this.asked.push([method, ...params].join(' '));
    const other = this.instead.get(method);
    if (other === undefined) answer(question, this.report(method, params));
    else other(question);
  }

  /** What the switch itself answers. */
  report(method: string, params: readonly unknown[]): string {
    const { model } = this;
    switch (method) {
      case 'version':
        return `ovs-vswitchd (Open vSwitch) ${this.version}\n`;
      case 'dpctl/show':
        return model.show(params.includes('-s'));
      case 'dpif-netdev/pmd-perf-show':
        return model.perf();
      case 'dpif-netdev/pmd-rxq-show':
        return model.rxqs();
      case 'coverage/show':
        return model.drops();
      default:
        return model.flowLines.join('\n');
    }
  }

  #serve(question: Question): void {
    const { id, method } = question;
    if (method === undefined && id === 'sync') this.#synced?.();
    if (method === 'get_schema') answer(question, schema);
    if (method !== 'monitor_cond') return;
    for (const port of this.model.ports)
      if (!this.#statistics.has(port.uuid)) this.#statistics.set(port.uuid, new Map());
    const rows = this.model.ports.map((port) => [
      port.uuid,
      { initial: columnsOf(port, this.#statistics.get(port.uuid) ?? new Map()) },
    ]);
    const other = ['map', [['pmd-cpu-mask', '0x4']]];
    const initial = { other_config: other, external_ids: mapOf(Object.entries(this.externalIds)) };
    answer(question, {
      Open_vSwitch: { [rootUuid]: { initial } },
      Interface: Object.fromEntries(rows),
    });
    this.#monitor = question;
    question.socket.on('close', () => {
      if (this.#monitor === question) this.#monitor = undefined;
      this.#synced?.();
    });
  }
}

function mapOf(entries: Iterable<readonly [string, string | bigint]>): unknown {
  // Below 2^53 in these tests.
  return ['map', [...entries].map(([key, value]) => [key, typeof value === 'bigint' ? Number(value) : value])];
}

function columnsOf(port: FakePort, statistics: ReadonlyMap<string, bigint>): Json {
  return {
    name: port.name,
    type: port.type === 'tap' ? 'internal' : port.type,
    status: mapOf(Object.entries(port.status)),
    other_config: mapOf(Object.entries(port.otherConfig)),
    ...(statistics.size === 0 ? {} : { statistics: mapOf(statistics) }),
  };
}
