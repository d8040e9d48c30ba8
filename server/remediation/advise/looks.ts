interface Datapath {
  readonly host: string;
  readonly datapath: string;
}

interface BusyDatapath extends Datapath {
  readonly busyPpm: string | null;
}

/** Looks of one pass: bounds what a pass asks of the store. */
const looksMax = 20;
/** From this share of its busiest thread on a datapath is looked at each time. */
const warmPpm = 800_000n;
/** The others are looked at so seldom, s. */
const calmSeconds = 60;

/** Which datapaths are looked at now, and which later: there may be more than one pass can take. */
export class Looks {
  readonly #lookedAt = new Map<string, number>();

  /** Those that are busy or `wanted`, and the others once a minute; those that have waited longest come first. */
  due<D extends BusyDatapath>(found: readonly D[], wanted: (each: D) => boolean, now: number): readonly D[] {
    const keys = new Set(found.map(keyOf));
    for (const key of this.#lookedAt.keys()) if (!keys.has(key)) this.#lookedAt.delete(key);
    const last = (datapath: Datapath) => this.#lookedAt.get(keyOf(datapath)) ?? Number.NEGATIVE_INFINITY;
    const isWarm = ({ busyPpm }: D) => busyPpm !== null && BigInt(busyPpm) >= warmPpm;
    const due = found.filter((each) => isWarm(each) || wanted(each) || now - last(each) >= calmSeconds);
    return due.sort((a, b) => order(last(a), last(b)) || order(keyOf(a), keyOf(b))).slice(0, looksMax);
  }

  done(datapath: Datapath, now: number): void {
    this.#lookedAt.set(keyOf(datapath), now);
  }
}

function keyOf({ host, datapath }: Datapath): string {
  return JSON.stringify([host, datapath]);
}

function order<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
