import { Agent } from '../../collector/agent.ts';
import { EthdevOwners } from '../../collector/ethdev-owners.ts';
import { nothingKept } from '../../collector/resume.ts';
import { OvsSource, type OvsSourceOptions } from '../../collector/sources/ovs/source.ts';
import { VhostSockets } from '../../collector/vhost-sockets.ts';
import type { LogSink } from '../../core/bus/log.ts';
import type { Kind, RowOf } from '../../core/catalogue/columns.ts';
import { sleepMs } from '../../core/runtime/clock.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage, type Message } from '../../core/wire/message.ts';
import { openNative } from '../../native/open.ts';

/** The collector's loop over one Open vSwitch in this process, and every row it gave. */
export class Gathering {
  readonly #messages: Message[] = [];
  /** Rows by kind, and of how many messages they are. */
  readonly #read = new Map<Kind, { readonly rows: readonly object[]; readonly messages: number }>();
  readonly #agent: Agent;

  constructor(runDir: string, options: Pick<OvsSourceOptions, 'mayAskForCounters'> = {}) {
    const native = openNative().facade;
    const sink: LogSink = {
      append: async (_key, value) => {
        this.#messages.push(decodeMessage(Uint8Array.from(value)));
        return { partition: 0, offset: BigInt(this.#messages.length) };
      },
    };
    this.#agent = new Agent({
      host: 'cn1',
      bootId: 'b0',
      sources: [
        new OvsSource({
          native,
          place: 'b0',
          procRoot: '/proc',
          ovsRunDir: runDir,
          ethdevOwners: new EthdevOwners(),
          vhostSockets: new VhostSockets(),
          ...options,
        }),
      ],
      sink,
      clock: {
        read: () => {
          const [wallNs, monoNs] = native.clocks();
          return { wallNs, monoNs };
        },
        sleep: sleepMs,
      },
      logger: silentLogger,
      sourceDeadlineMs: 500,
      readResumed: nothingKept,
    });
  }

  start(): Promise<void> {
    return this.#agent.start();
  }

  stop(): Promise<void> {
    return this.#agent.stop();
  }

  /** Rows up to now are given no more. */
  forget(): void {
    this.#messages.length = 0;
    this.#read.clear();
  }

  /** All rows of a kind so far. Each message is read once: whoever waits for a row must not starve what makes it. */
  rows<K extends Kind>(kind: K): RowOf<K>[] {
    const reader = new BlockReader(kind);
    const { rows, messages } = this.#read.get(kind) ?? { rows: [], messages: 0 };
    const now = this.#messages
      .slice(messages)
      .flatMap(({ blocks }) => blocks.flatMap((block) => (block.kind === kind.name ? reader.rows(block) : [])));
    const all = now.length === 0 ? rows : [...rows, ...now];
    this.#read.set(kind, { rows: all, messages: this.#messages.length });
    return all as RowOf<K>[];
  }
}
