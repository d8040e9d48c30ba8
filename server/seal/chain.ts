/** What a reader found of one seal: what stands in the list, and the hash of the bytes that are there. */
export interface ReadSeal {
  readonly day: string;
  readonly revision: number;
  readonly entry: number;
  readonly previous: string | null;
  readonly revises: string | null;
  /** The hash it is listed under. */
  readonly sha256: string;
  /** The hash of its bytes; undefined: its lines have aged out. */
  readonly computed: string | undefined;
}

export interface ChainBreak {
  readonly seal: ReadSeal;
  readonly what: string;
}

/**
 * The first seal that does not hold, in the order in which the seals of one path were made; undefined: all do.
 *
 * Each must have the bytes it is named after, name the seal before it, and revise the last revision of its day. Seals
 * older than `agedBefore` (a day as text) are allowed to be gone.
 */
export function firstBreak(seals: readonly ReadSeal[], agedBefore: string): ChainBreak | undefined {
  const inOrder = [...seals].sort((a, b) => a.entry - b.entry);
  const revisions = new Map<string, ReadSeal>();
  let before: ReadSeal | undefined;
  for (const seal of inOrder) {
    const what = breakOf(seal, before, revisions.get(seal.day), agedBefore);
    if (what !== undefined) return { seal, what };
    revisions.set(seal.day, seal);
    before = seal;
  }
  return undefined;
}

function breakOf(
  seal: ReadSeal,
  before: ReadSeal | undefined,
  revised: ReadSeal | undefined,
  agedBefore: string,
): string | undefined {
  const aged = seal.day < agedBefore;
  if (seal.computed === undefined && !aged) return 'its lines are gone';
  if (seal.computed !== undefined && seal.computed !== seal.sha256) return 'its bytes do not have its hash';
  if (before?.entry === seal.entry) return `there are two entries ${seal.entry}`;
  const follows = before === undefined ? seal.entry === 1 : seal.entry === before.entry + 1;
  if (!follows) return aged ? undefined : `entry ${seal.entry - 1} is missing`;
  if (seal.previous !== (before?.sha256 ?? null)) return 'it does not follow the seal before it';
  if (seal.revision > 1 && revised === undefined) return aged ? undefined : 'the revision before it is missing';
  if (seal.revises !== (revised?.sha256 ?? null)) return 'it does not revise the last seal of its day';
  return undefined;
}
