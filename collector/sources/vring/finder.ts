import type { RowOf } from '../../../core/catalogue/columns.ts';
import type { vringSlot } from '../../../core/catalogue/ring-kinds.ts';
import type { MappedRing, RemoteRing } from '../../../native/facade.ts';

/** A ring that may be read now. */
export interface FoundRing {
  /** Everything that makes it the one it is: a ring whose key goes is let go at once, another key is another ring. */
  readonly key: string;
  /** What it belongs to, as its threads are named: the file prefix of a DPDK program, or the name of a QEMU's guest. */
  readonly guest: string;
  readonly port: string;
  readonly direction: 'toGuest' | 'fromGuest';
  /** Queue pair of the guest. */
  readonly queue: number;
  readonly size: number;
  readonly witness: RowOf<typeof vringSlot>['witness'];
  readonly layout: 'split';
  /** Queue pairs of the same port whose rings cannot be read: those that are read do not stand for all of it. */
  readonly queuesUnread: number;
  /** The way to read it; the next where that is not allowed. */
  readonly places: readonly (MappedRing | RemoteRing)[];
}

/** A guest whose rings are not read, and why. */
export interface Refusal {
  readonly guest: string;
  readonly why: string;
}

export interface Found {
  readonly rings: readonly FoundRing[];
  readonly refusals: readonly Refusal[];
}

/**
 * Finds the rings of one kind of guests. What it gives may be mapped at once, so it must leave out guests that are not
 * connected, and above all those whose memory is on its way to or from another host: a read would ask for pages that have
 * not come yet.
 */
export interface RingFinder {
  /** Asks whoever has to be asked, each second before the others; does not fail, and waits a bounded time. */
  refresh?(boundary: number, signal: AbortSignal): Promise<void>;
  /** Looks for guests anew. `boundary`: the tick, s. */
  find(boundary: number): Found;
  /** What has not changed of that, each second in between: cheap, and on the safe side. */
  check(found: Found): Found;
  /** Guests of a switch that are on their way from or to another host, and how far; undefined: none is followed. */
  migrating?(): ReadonlyMap<string, string> | undefined;
  close?(): void;
}
