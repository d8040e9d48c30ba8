import type { Clock, Instant } from '../../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../../core/runtime/error.ts';
import { exactText } from '../../exact-json.ts';
import { monitoredColumns, snapshotOf, type VswitchSnapshot } from './interfaces.ts';
import { RpcConnection, type RpcMessage } from './json-rpc.ts';
import { applyUpdates, emptyReplica, type Replica, schemaOf } from './ovsdb-replica.ts';

/** What one transaction changed, or the whole state after a connection was made. */
export interface OvsdbUpdate {
  readonly snapshot: VswitchSnapshot;
  /** When the message was read; the rows carry no time of their own. */
  readonly at: Instant;
  /** The first state of a new connection: nothing is known of what happened before, and its statistics may be old. */
  readonly isResync: boolean;
  /** Interfaces and mirrors whose statistics this transaction brought or changed; after a resync none, see there. */
  readonly statistics: ReadonlySet<string>;
}

export interface OvsdbListener {
  onUpdate(update: OvsdbUpdate): void;
  /** Anything was heard of the server: what it had to tell before that, it has told. */
  onHeard(at: Instant): void;
  /** The server is not there or said something unusable; the monitor tries again by itself. Told once an attempt. */
  onAway(error: FourninesError): void;
}

export interface OvsdbOptions {
  readonly path: string;
  readonly clock: Clock;
  /** 0 up to 1, for the spread of attempts. */
  readonly random: () => number;
  readonly listener: OvsdbListener;
  readonly waits?: Partial<OvsdbWaits>;
}

export interface OvsdbWaits {
  /** First wait after a lost connection; doubles up to `retryMaxMs`. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** For each answer. */
  readonly answerMs: number;
  /** Silence after which the server is asked whether it is still there. */
  readonly probeMs: number;
}

const defaultWaits: OvsdbWaits = { retryMinMs: 250, retryMaxMs: 15_000, answerMs: 10_000, probeMs: 4_000 };
const database = 'Open_vSwitch';
const monitorName = 'fournines';

/**
 * Keeps a copy of the columns we read from ovsdb-server, which sends every change as it is committed. It only asks for
 * the schema and a monitor: nothing is ever written to the database.
 */
export class OvsdbMonitor {
  readonly #options: OvsdbOptions;
  readonly #waits: OvsdbWaits;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  constructor(options: OvsdbOptions) {
    this.#options = options;
    this.#waits = { ...defaultWaits, ...options.waits };
  }

  start(): void {
    if (this.#running !== undefined) return;
    const stop = new AbortController();
    this.#running = { stop, done: this.#run(stop.signal) };
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.stop.abort();
    await running?.done;
  }

  async #run(signal: AbortSignal): Promise<void> {
    let waitMs = this.#waits.retryMinMs;
    while (!signal.aborted) {
      const session = new OvsdbSession(this.#options, this.#waits, signal);
      const error = await session.end;
      if (signal.aborted) return;
      this.#options.listener.onAway(error);
      if (session.isLive) waitMs = this.#waits.retryMinMs;
      // Spread over the upper half, so that the collectors of a cloud do not come back as one.
      const spread = waitMs * (0.5 + this.#options.random() / 2);
      await this.#options.clock.sleep(spread, signal).catch(() => undefined);
      waitMs = Math.min(2 * waitMs, this.#waits.retryMaxMs);
    }
  }
}

/** One connection: schema, monitor, updates until it ends. */
class OvsdbSession {
  /** Resolves once, with why the connection ended. */
  readonly end: Promise<FourninesError>;
  isLive = false;
  readonly #options: OvsdbOptions;
  readonly #answerMs: number;
  readonly #probeMs: number;
  readonly #connection: RpcConnection;
  #replica: Replica | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isProbing = false;

  constructor(options: OvsdbOptions, waits: OvsdbWaits, signal: AbortSignal) {
    this.#options = options;
    this.#answerMs = waits.answerMs;
    this.#probeMs = waits.probeMs;
    const { promise, resolve } = Promise.withResolvers<FourninesError>();
    this.end = promise;
    const onAbort = () => this.#connection.close();
    this.#connection = new RpcConnection(options.path, {
      onMessage: (message) => this.#take(message),
      onClose: (error) => {
        clearTimeout(this.#timer);
        signal.removeEventListener('abort', onAbort);
        resolve(error);
      },
    });
    signal.addEventListener('abort', onAbort, { once: true });
    this.#connection.send({ method: 'get_schema', params: [database], id: 'schema' });
    this.#expectSomething();
  }

  /** Silence is answered by a question, silence after that by giving up. */
  #expectSomething(): void {
    clearTimeout(this.#timer);
    const awaitsAnswer = !this.isLive || this.#isProbing;
    const waitMs = awaitsAnswer ? this.#answerMs : this.#probeMs;
    this.#timer = setTimeout(() => {
      if (awaitsAnswer) {
        this.#connection.close('FN_OVS_AWAY', `no answer within ${this.#answerMs} ms`);
        return;
      }
      this.#isProbing = true;
      this.#connection.send({ method: 'echo', params: [], id: 'probe' });
      this.#expectSomething();
    }, waitMs);
  }

  #take(message: RpcMessage): void {
    this.#isProbing = false;
    const { method, params, id } = message;
    if (method === 'echo') {
      this.#connection.send({ result: params ?? [], error: null, id: id ?? null });
    } else if (method === 'update2') {
      const [name, updates] = Array.isArray(params) ? params : [];
      if (name === monitorName) this.#apply(updates, false);
    } else if (method === 'monitor_canceled') {
      this.#connection.close('FN_OVS_AWAY', 'the database went away');
    } else if (method === undefined) {
      this.#takeReply(message);
    }
    this.#options.listener.onHeard(this.#options.clock.read());
    this.#expectSomething();
  }

  #takeReply({ id, result, error }: RpcMessage): void {
    if (error !== null && error !== undefined) {
      const text = typeof error === 'string' ? error : exactText(error);
      throw new FourninesError('FN_OVS_REPLY', `ovsdb-server answered: ${text.slice(0, 500)}`, {
        context: { answer: 'error', question: String(id) },
      });
    }
    if (id === 'schema') this.#monitor(result);
    else if (id === 'monitor') this.#apply(result, true);
  }

  #monitor(schemaJson: unknown): void {
    const schema = schemaOf(schemaJson, monitoredColumns);
    this.#replica = emptyReplica(schema);
    const tables = [...schema].map(([table, columns]) => [table, [{ columns: [...columns.keys()] }]] as const);
    this.#connection.send({
      method: 'monitor_cond',
      params: [database, monitorName, Object.fromEntries(tables)],
      id: 'monitor',
    });
  }

  #apply(json: unknown, isResync: boolean): void {
    if (this.#replica === undefined || this.isLive === isResync) {
      throw new FourninesError('FN_OVS_REPLY', 'ovsdb-server: an update out of turn');
    }
    const at = this.#options.clock.read();
    const { replica, statistics } = applyUpdates(this.#replica, json);
    this.#replica = replica;
    this.isLive = true;
    this.#tell({
      snapshot: snapshotOf(replica),
      at,
      isResync,
      statistics: isResync ? new Set() : statistics,
    });
  }

  #tell(update: OvsdbUpdate): void {
    try {
      this.#options.listener.onUpdate(update);
    } catch (error) {
      // The listener's mistake must not look like a bad answer of the server.
      throw new FourninesError('FN_INTERNAL', 'an update could not be used', { cause: toFourninesError(error) });
    }
  }
}
