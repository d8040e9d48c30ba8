/**
 * What was told of subjects that are told on change. What a tick tells counts only once the bus has taken the tick:
 * until then it is news again in the next one.
 */
export class Told {
  readonly #kept = new Map<string, string>();
  readonly #staged = new Map<string, string | null>();

  /** A tick begins; what the last one told and was not kept was never told. */
  begin(): void {
    this.#staged.clear();
  }

  /** Whether this differs from what was told last of the subject. Null: nothing, or nothing any more. */
  isNews(subject: string, value: string | null): boolean {
    this.#staged.set(subject, value);
    return (this.#kept.get(subject) ?? null) !== value;
  }

  /** Subjects told of, and not of their end, that begin with `prefix`. */
  subjects(prefix: string): string[] {
    return [...this.#kept.keys()].filter((subject) => subject.startsWith(prefix));
  }

  kept(): void {
    for (const [subject, value] of this.#staged) {
      if (value === null) this.#kept.delete(subject);
      else this.#kept.set(subject, value);
    }
    this.#staged.clear();
  }
}
