import { FourninesError } from '../../../core/runtime/error.ts';
import type { Link } from '../../../native/facade.ts';
import type { Accumulator } from '../../accumulator.ts';

/** errno of a NIC that is not there, or no longer under this name. */
const enodev = 19;

/** What is asked of one NIC. */
type NicQuestion = 'names' | 'driver';

/**
 * Questions to single NICs whose failure must not cost the others their rows. The first failure of a NIC is told with
 * an event `ethtool_failed`, further ones only after everything asked of it has worked again. A NIC that vanished since
 * the list of NICs was read is no failure: the next list says so.
 */
export class NicFailures {
  readonly #failing = new Map<number, Set<NicQuestion>>();
  /** Told in a tick that may yet be thrown away. */
  #told: { readonly ifindex: number; readonly question: NicQuestion }[] = [];

  /** A tick begins, with these NICs. */
  begin(links: readonly Link[]): void {
    const present = new Set(links.map(({ ifindex }) => ifindex));
    for (const ifindex of this.#failing.keys()) if (!present.has(ifindex)) this.#failing.delete(ifindex);
    this.#told = [];
  }

  /** The answer, or undefined when there is none now. */
  ask<T>({ ifindex, name }: Link, question: NicQuestion, read: () => T, into: Accumulator): T | undefined {
    try {
      const answer = read();
      this.#works(ifindex, question);
      return answer;
    } catch (error) {
      const failure = nicFailure(error);
      if (failure === undefined) throw error;
      if (failure.errno === enodev) return undefined;
      const isTold = this.#failing.has(ifindex) || this.#told.some((one) => one.ifindex === ifindex);
      if (!isTold) into.event('ethtool_failed', name, failure);
      this.#told.push({ ifindex, question });
      return undefined;
    }
  }

  /** What the tick told is certain to be kept. */
  kept(): void {
    for (const { ifindex, question } of this.#told) {
      const questions = this.#failing.get(ifindex) ?? new Set();
      this.#failing.set(ifindex, questions.add(question));
    }
    this.#told = [];
  }

  #works(ifindex: number, question: NicQuestion): void {
    const questions = this.#failing.get(ifindex);
    questions?.delete(question);
    if (questions?.size === 0) this.#failing.delete(ifindex);
  }
}

/** Call and errno of a request that the NIC or its driver refused; a socket that cannot be had is no NIC's failure. */
function nicFailure(error: unknown): { readonly call: string; readonly errno: number } | undefined {
  if (!(error instanceof FourninesError) || error.code !== 'FN_NATIVE') return undefined;
  const { call, errno } = error.context;
  if (typeof call !== 'string' || typeof errno !== 'number' || !call.startsWith('ETHTOOL_')) return undefined;
  return { call, errno };
}
