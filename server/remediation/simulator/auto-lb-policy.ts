import { dryRun, wouldReshuffle } from '../ovs-model/auto-lb.ts';
import type { OvsAlgorithm, OvsTerms } from '../ovs-model/schedule.ts';
import { unplaced } from './datapath.ts';
import type { Act, Look, Policy } from './policy.ts';
import { intervalCycles } from './readings.ts';
import { switchQueues } from './switch-placement.ts';

/** As shipped: twelve intervals in a row, a look a minute, a variance that falls by a quarter. */
const overloadedIntervals = 12;
const pollSeconds = 60;
const improvementPercent = 25n;

/** `pmd-auto-lb` of Open vSwitch 3.1 with its defaults. */
export class AutoLbPolicy implements Policy {
  readonly terms: OvsTerms;
  readonly freezes = false;
  readonly doing = null;

  constructor(algorithm: OvsAlgorithm) {
    this.terms = { algorithm, isolate: true };
  }

  look(look: Look): Act | undefined {
    return look.second % pollSeconds === 0 && this.#isNeeded(look) && this.#isWorthIt(look)
      ? { kind: 'reshuffle' }
      : undefined;
  }

  settled(): void {}

  reconfigured(): void {}

  /** Some thread is overloaded, there are two to share, and one of them has two queues. */
  #isNeeded({ spec, readings, queuesOf, place }: Look): boolean {
    const isIsolated = (pmd: number) => spec.queues.some(({ pin }, queue) => pin === pmd && place[queue] === pmd);
    const shared = [...queuesOf.keys()].filter((pmd) => !isIsolated(pmd));
    return (
      shared.length > 1 &&
      shared.some((pmd) => (readings.overloaded[pmd] ?? 0) >= overloadedIntervals) &&
      shared.some((pmd) => (queuesOf[pmd]?.length ?? 0) > 1)
    );
  }

  #isWorthIt({ spec, readings, place }: Look): boolean {
    const threads = spec.pmds.map((thread, pmd) => ({
      ...thread,
      intervalCycles: readings.hasInterval(pmd) ? BigInt(intervalCycles) : 0n,
    }));
    const queues = switchQueues({
      ...{ spec, terms: this.terms },
      isThere: (queue) => place[queue] !== unplaced,
      frozenAt: () => null,
      cycles: (queue) => readings.minuteCycles(queue),
    }).map((queue) => ({ ...queue, core: spec.pmds[place[queue.index] ?? unplaced]?.core ?? null }));
    return wouldReshuffle(dryRun(threads, queues, this.terms), improvementPercent);
  }
}

/** Nobody balances; the switch places by its default. */
export class NoPolicy implements Policy {
  readonly terms: OvsTerms = { algorithm: 'cycles', isolate: true };
  readonly freezes = false;
  readonly doing = null;

  look(): undefined {
    return undefined;
  }

  settled(): void {}

  reconfigured(): void {}
}
