interface GuestThreads {
  readonly pid: number;
  readonly startTicks: string;
  readonly tids: readonly number[];
}

/**
 * Which threads of a QEMU run the guest's processors: told by the source that asks QEMU, used by the one that reads threads,
 * which otherwise goes by their names. Sources do not know each other; this is what they must agree on.
 */
export class ProcessorThreads {
  #guests: ReadonlyMap<number, GuestThreads> = new Map();

  tell(guests: readonly GuestThreads[]): void {
    this.#guests = new Map(guests.map((guest) => [guest.pid, guest]));
  }

  has(pid: number, startTicks: string | undefined, tid: number): boolean {
    const guest = this.#guests.get(pid);
    return guest !== undefined && guest.startTicks === startTicks && guest.tids.includes(tid);
  }
}
