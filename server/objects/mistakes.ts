import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';

/** Mistakes that are told; the others are counted. */
const toldMax = 100;

/** Several mistakes of documents, told as one; each has its file, line and key. */
export class ObjectMistakes extends FourninesError {
  readonly mistakes: readonly FourninesError[];

  constructor(mistakes: readonly FourninesError[]) {
    const flat = mistakes.flatMap((mistake) => (mistake instanceof ObjectMistakes ? mistake.mistakes : [mistake]));
    const told = flat.slice(0, toldMax).map(({ message, hint }) => `${message}. ${hint}`);
    const more = flat.length - told.length;
    super('FN_OBJECT_FILE', [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'), {
      hint: flat.length === 1 ? 'Nothing was applied.' : `${flat.length} mistakes; nothing was applied.`,
    });
    this.mistakes = flat.slice(0, toldMax);
  }
}

/** Where a mistake is, and what. */
export function toldApart({ message, hint, context }: FourninesError): { where: string; problem: string } {
  const { file, line, key = '' } = context;
  if (file === undefined) return { where: 'request', problem: `${message}. ${hint}` };
  const place = `${file} line ${line}${key === '' ? '' : `, key ${key}`}`;
  const what = message.startsWith(`${place}: `) ? message.slice(place.length + 2) : message;
  return { where: place, problem: `${what}. ${hint}` };
}

/** Runs each reader, and tells the mistakes of all of them together. */
export function readAll<T extends object>(readers: { readonly [K in keyof T]: () => T[K] }): T {
  const mistakes: FourninesError[] = [];
  const read: Partial<T> = {};
  for (const key of Object.keys(readers) as (keyof T)[]) {
    const value = attempt(readers[key], mistakes);
    if (value !== undefined) read[key] = value;
  }
  if (mistakes.length > 0) throw new ObjectMistakes(mistakes);
  return read as T;
}

export function readEach<V, T>(values: readonly V[], read: (value: V) => T): T[] {
  const mistakes: FourninesError[] = [];
  const members = values.map((value) => attempt(() => read(value), mistakes));
  if (mistakes.length > 0) throw new ObjectMistakes(mistakes);
  return members as T[];
}

/** What is read, or undefined and one mistake more. What nobody expected is thrown on. */
export function attempt<T>(read: () => T, mistakes: FourninesError[]): T | undefined {
  try {
    return read();
  } catch (error) {
    const told = toFourninesError(error);
    if (told.code !== 'FN_OBJECT_FILE') throw error;
    mistakes.push(told);
    return undefined;
  }
}
