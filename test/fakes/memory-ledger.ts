import type { CutRequest, Ledger, RecordedBlock } from '../../server/control/block-ledger.ts';
import type { Grant } from '../../server/control/leases.ts';
import type { HostState, StreamState } from '../../server/control/speakers.ts';

export const aGrant: Grant = { name: 'lease', holder: 'test', epoch: 1n };

/** The cut ledger of one partition in memory; what it was told, in order, is in `told`. */
export class MemoryLedger implements Ledger {
  readonly blocks: RecordedBlock[] = [];
  readonly told: string[] = [];
  readonly #streams = new Map<string, StreamState>();
  readonly #hosts = new Map<string, HostState>();

  async position(): Promise<bigint | undefined> {
    const last = this.blocks.at(-1);
    return last === undefined ? undefined : last.last + 1n;
  }

  async undone(): Promise<readonly RecordedBlock[]> {
    return this.blocks.filter(({ state }) => state === 'cut');
  }

  async cut(_grant: Grant, request: CutRequest): Promise<RecordedBlock> {
    const before = this.blocks.find(({ first }) => first === request.first);
    if (before !== undefined) return before;
    const known = { streams: [...this.#streams.values()], hosts: [...this.#hosts.values()] };
    const { changed, ...decision } = request.decide(known);
    for (const state of changed.streams) this.#streams.set(`${state.host} ${state.stream}`, state);
    for (const state of changed.hosts) this.#hosts.set(state.host, state);
    const { first, last, records } = request;
    const block: RecordedBlock = { first, last, records, ...decision, state: 'cut', refused: [] };
    this.blocks.push(block);
    this.told.push(`cut ${first}-${last}`);
    return block;
  }

  async lose(_grant: Grant, { first, last, records }: { first: bigint; last: bigint; records: number }): Promise<void> {
    this.blocks.push({ first, last, records, leftOut: {}, tables: [], told: [], state: 'lost', refused: [] });
    this.told.push(`lost ${first}-${last}`);
  }

  async refuse(_grant: Grant, first: bigint, run: RecordedBlock['refused'][number]): Promise<void> {
    this.#change(first, (block) => ({ ...block, refused: [...block.refused, run] }));
    this.told.push(`refused ${run.run}`);
  }

  async settle(first: bigint, state: 'done' | 'lost'): Promise<void> {
    this.#change(first, (block) => ({ ...block, state }));
    this.told.push(`${state} ${first}`);
  }

  #change(first: bigint, change: (block: RecordedBlock) => RecordedBlock): void {
    const at = this.blocks.findIndex((block) => block.first === first);
    this.blocks[at] = change(this.blocks[at] as RecordedBlock);
  }
}
