/** What a suite says of what it counted. */
interface TallyWords {
  readonly sums: (counted: {
    readonly messages: number;
    readonly logs: number;
    readonly destroyed: number;
    readonly blocks: number;
    readonly seals: number;
  }) => string;
  readonly good: string;
}

const ingestWords: TallyWords = {
  sums: ({ messages, logs, destroyed, blocks, seals }) =>
    `${messages} messages in ${logs} logs, ${destroyed} ticks destroyed by the test, ${blocks} blocks, ${seals} seals`,
  good: 'What was destroyed is told as lost, nothing else is unknown, and the chains of all seals hold.',
};

/** What a run of rounds has shown so far. */
export class Tally {
  readonly #words: TallyWords;
  readonly #faults = new Map<string, { tried: number; hit: number }>();
  readonly #wrong: string[] = [];
  #logs = 0;
  #messages = 0;
  #lost = 0;
  #doubled = 0;
  #destroyed = 0;
  #blocks = 0;
  #seals = 0;

  /** Names the rows of the table, in its order. */
  constructor(faults: readonly string[], words: TallyWords = ingestWords) {
    this.#words = words;
    for (const name of faults) this.#faults.set(name, { tried: 0, hit: 0 });
  }

  count(fault: string, tookEffect: boolean): void {
    const row = this.#faults.get(fault) ?? { tried: 0, hit: 0 };
    row.tried++;
    if (tookEffect) row.hit++;
    this.#faults.set(fault, row);
  }

  addLog(
    log: string,
    account: {
      readonly messages: number;
      readonly lost: number;
      readonly doubled: number;
      readonly destroyed?: number;
      readonly blocks?: number;
      readonly seals?: number;
      readonly wrong: readonly string[];
    },
  ): void {
    this.#logs++;
    this.#messages += account.messages;
    this.#lost += account.lost;
    this.#doubled += account.doubled;
    this.#destroyed += account.destroyed ?? 0;
    this.#blocks += account.blocks ?? 0;
    this.#seals += account.seals ?? 0;
    if (account.wrong.length > 0) this.#wrong.push(`${log}: ${account.wrong.slice(0, 10).join('; ')}`);
  }

  get isGood(): boolean {
    return this.#lost + this.#doubled + this.#wrong.length === 0;
  }

  get rounds(): number {
    return [...this.#faults.values()].reduce((sum, { tried }) => sum + tried, 0);
  }

  toJSON(): object {
    return {
      rounds: this.rounds,
      faults: Object.fromEntries(this.#faults),
      logs: this.#logs,
      messages: this.#messages,
      lost: this.#lost,
      doubled: this.#doubled,
      destroyedByTheTest: this.#destroyed,
      blocks: this.#blocks,
      seals: this.#seals,
      wrong: this.#wrong,
    };
  }

  toString(): string {
    const width = Math.max(...[...this.#faults.keys()].map((name) => name.length));
    const rows = [...this.#faults].map(
      ([name, { tried, hit }]) => `  ${name.padEnd(width)}  ${String(hit).padStart(4)} of ${tried}`,
    );
    const counted = { messages: this.#messages, logs: this.#logs, destroyed: this.#destroyed };
    const sums =
      `${this.#words.sums({ ...counted, blocks: this.#blocks, seals: this.#seals })}: ` +
      `${this.#lost} lost, ${this.#doubled} doubled, ` +
      `${this.#wrong.length} logs in which something is wrong`;
    return [
      `${'fault'.padEnd(width + 2)}  hits of rounds`,
      ...rows,
      sums,
      ...(this.isGood ? [this.#words.good] : this.#wrong),
    ].join('\n');
  }
}
