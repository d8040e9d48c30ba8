import { type ReceiverRules, readReceiverRules } from '../../alerts/egress/rules.ts';
import { newKeyPair, newSecret, parseSigningKey, publicKeyText, type SigningKey } from '../../alerts/signature/key.ts';
import { type AlertConfig, noConfig } from '../../alerts/state/config.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import type { Road } from '../control/act-log.ts';
import type { AlertingStore, AppliedAlerting, ReceiverKey } from '../control/alerting-store.ts';
import type { MailReceiver, ReceiverSpec, RequestReceiver } from './alerting.ts';
import { readAlerting } from './alerting-document.ts';
import type { SealKey } from './sealed.ts';
import { isSealedMark, openedUrl, sealedDocument, shownDocument } from './secret-urls.ts';

export interface AlertingDeskOptions {
  readonly store: Pick<AlertingStore, 'last' | 'apply' | 'keys' | 'addKey'>;
  /** Read when it is first needed: a server without receivers needs none. */
  readonly sealKey: () => SealKey;
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly nowMs: () => number;
  readonly logger: Logger;
  /** How often it looks whether another server was told something else, ms. */
  readonly everyMs?: number;
}

export type PresentReceiver = (
  | { readonly spec: RequestReceiver; readonly rules: ReceiverRules }
  /** By the mail server, which is the operator's: no rules of where it may be. */
  | { readonly spec: MailReceiver; readonly rules: null }
) & { readonly keys: readonly SigningKey[] };

/** A key that was made: its secret is shown this once. */
export interface MadeKey {
  readonly id: string;
  readonly secret: string;
  /** Of a pair: what its receiver gets; null: the secret itself is shared. */
  readonly publicKey: string | null;
}

interface Present {
  readonly applied: AppliedAlerting | undefined;
  readonly config: AlertConfig;
  readonly receivers: ReadonlyMap<string, PresentReceiver>;
  readonly sealed: readonly ReceiverKey[];
}

const nothing: Present = { applied: undefined, config: noConfig, receivers: new Map(), sealed: [] };
/** While a receiver changes over, its old keys sign as well, ms. */
const overlapMs = 7 * 86_400_000;

/** Who is told of what, where they are and what signs for them, as it holds now. */
export class AlertingDesk implements Part {
  readonly name = 'alerting';
  readonly #options: AlertingDeskOptions;
  readonly #stopping = new AbortController();
  #present: Present = nothing;
  #lastErrorCode = '';
  #running: Promise<void> | undefined;

  constructor(options: AlertingDeskOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#running = this.#follow(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Code of what keeps it from knowing better, or empty. */
  get lastErrorCode(): string {
    return this.#lastErrorCode;
  }

  get config(): AlertConfig {
    return this.#present.config;
  }

  /** Its document as people may see it. */
  get applied(): AppliedAlerting | undefined {
    return this.#present.applied;
  }

  /** By name. */
  get receivers(): readonly PresentReceiver[] {
    return [...this.#present.receivers.values()].sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
  }

  receiver(name: string): PresentReceiver | undefined {
    return this.#present.receivers.get(name);
  }

  /** Its keys without their secrets, newest first. */
  keysOf(name: string): readonly Omit<ReceiverKey, 'sealed'>[] {
    const own = this.#present.sealed.filter(({ receiver }) => receiver === name);
    return own.map(({ sealed: _sealed, ...key }) => key);
  }

  /** FN_ALERTING_FILE: nothing was applied. `dryRun`: nothing is. */
  async apply(
    document: string,
    { by, via, dryRun }: { readonly by: string; readonly via: Road; readonly dryRun: boolean },
  ): Promise<number> {
    readAlerting('alerting', document);
    const { store, sealKey, nowMs } = this.#options;
    const keep = (last: AppliedAlerting | undefined) => sealedDocument(document, last?.sealed ?? {}, sealKey);
    if (dryRun) {
      const last = await store.last();
      keep(last);
      return last?.version ?? 0;
    }
    const version = await store.apply(keep, { by, atMs: nowMs() }, via);
    await this.#refresh();
    return version;
  }

  /** A new key for a receiver; those before it sign as well for a week. FN_RECEIVER_UNKNOWN. */
  async newKey(
    receiver: string,
    { kind, by, via }: { readonly kind: 'hmac' | 'ed25519'; readonly by: string; readonly via: Road },
  ): Promise<MadeKey> {
    if (this.receiver(receiver) === undefined) throw unknownReceiver(receiver);
    const secret = kind === 'hmac' ? newSecret() : newKeyPair().secretKey;
    const key = parseSigningKey(secret);
    const nowMs = this.#options.nowMs();
    const sealed = this.#options.sealKey().seal(secret, aboutOf(receiver, key.id));
    const row = { receiver, id: key.id, sealed, madeBy: by, madeMs: nowMs, untilMs: null };
    await this.#options.store.addKey(row, nowMs + overlapMs, via);
    await this.#refresh();
    return { id: key.id, secret, publicKey: publicKeyText(key) ?? null };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { ready, everyMs = 5_000, logger } = this.#options;
    await ready(signal).catch(() => undefined);
    while (!signal.aborted) {
      try {
        await this.#refresh();
        this.#lastErrorCode = '';
      } catch (error) {
        const { code, message } = toFourninesError(error);
        // What holds goes on holding. Told once, not each time.
        if (code !== this.#lastErrorCode) logger.warn({ code, reason: message }, 'receivers and routes cannot be read');
        this.#lastErrorCode = code;
      }
      await sleepMs(everyMs, signal).catch(() => undefined);
    }
  }

  async #refresh(): Promise<void> {
    const { store, nowMs } = this.#options;
    const [applied, sealed] = [await store.last(), await store.keys(nowMs())];
    const before = this.#present;
    if (applied?.version === before.applied?.version && sameKeys(sealed, before.sealed)) return;
    if (applied === undefined) return;
    const { receivers, config } = readAlerting('alerting', applied.document);
    const keys = Map.groupBy(sealed, ({ receiver }) => receiver);
    this.#present = {
      applied: { ...applied, document: shownDocument(applied.document) },
      sealed,
      config: { version: applied.version, ...config },
      receivers: new Map(
        receivers.map((spec) => {
          const own = (keys.get(spec.name) ?? []).flatMap((key) => this.#opened(key));
          return [spec.name, present(this.#withUrl(spec, applied), own)];
        }),
      ),
    };
  }

  /** An address that does not open stays the mark that it is: what goes there is tried, and each attempt says so. */
  #withUrl(spec: ReceiverSpec, { sealed }: AppliedAlerting): ReceiverSpec {
    if (spec.channel === 'email' || !isSealedMark(spec.url)) return spec;
    try {
      return { ...spec, url: openedUrl(spec.name, sealed, this.#options.sealKey) };
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#options.logger.error({ code, receiver: spec.name, reason: message }, 'an address cannot be used');
      return spec;
    }
  }

  /** One that does not open is left out: others of its receiver sign, or what needs it is a dead letter that says so. */
  #opened({ receiver, id, sealed }: ReceiverKey): SigningKey[] {
    try {
      return [parseSigningKey(this.#options.sealKey().open(sealed, aboutOf(receiver, id)))];
    } catch (error) {
      const { code, message } = toFourninesError(error);
      this.#options.logger.error({ code, receiver, key: id, reason: message }, 'a key of a receiver cannot be used');
      return [];
    }
  }
}

function present(spec: ReceiverSpec, keys: readonly SigningKey[]): PresentReceiver {
  if (spec.channel === 'email') return { spec, rules: null, keys };
  return { spec, rules: readReceiverRules(spec), keys };
}

function sameKeys(a: readonly ReceiverKey[], b: readonly ReceiverKey[]): boolean {
  const names = (keys: readonly ReceiverKey[]) => keys.map(({ receiver, id }) => `${receiver} ${id}`).join('\n');
  return names(a) === names(b);
}

function aboutOf(receiver: string, id: string): string {
  return JSON.stringify(['receiver key', receiver, id]);
}

export function unknownReceiver(name: string): FourninesError {
  return new FourninesError('FN_RECEIVER_UNKNOWN', `there is no receiver ${name}`);
}
