import { FourninesError } from '../../core/runtime/error.ts';
import { isoOf } from '../slo/instant.ts';
import type { ObjectDocument } from './documents.ts';
import { ObjectMistakes } from './mistakes.ts';
import type { ObjectKind, Version } from './object.ts';
import { Pauses } from './pauses.ts';
import { quarterAfter, quarterBefore } from './quarter-hour.ts';
import { type Held, keyOf, referencesOf, wrongWith } from './references.ts';

/** Objects of all kinds that one server holds. */
const objectsMax = 20_000;

export interface PlanRequest {
  readonly documents: readonly ObjectDocument[];
  /** What held since `from`, or since now, and the newest version of each name. */
  readonly known: readonly Version[];
  /** Unix seconds on a quarter hour; undefined: as soon as can be. */
  readonly from: number | undefined;
  readonly nowMs: number;
}

export interface PlannedChange {
  readonly document: ObjectDocument;
  readonly change: 'created' | 'changed' | 'unchanged' | 'retired';
  /** The version that holds afterwards; of what is retired the last one. */
  readonly version: number;
  /** Since when that version holds, or when the last one ends; unix seconds. */
  readonly from: number;
  /** What it was; undefined: nothing, or it had ended. */
  readonly before: Version | undefined;
}

/**
 * What documents change, and from when on: one instant for all of them. What only begins does so with the current quarter
 * hour, anything else with the next, so that what was, stays. Throws ObjectMistakes with all that keeps them from being
 * applied.
 */
export async function planApply(request: PlanRequest): Promise<PlannedChange[]> {
  const { documents, known, from: asked, nowMs } = request;
  const timelines = Map.groupBy(known, ({ kind, name }) => keyOf(kind, name));
  const newestOf = ({ kind, name }: ObjectDocument) => timelines.get(keyOf(kind, name))?.at(-1);
  const isNew = (document: ObjectDocument) => newestOf(document) === undefined;
  const changing = documents.filter((document) => !isSame(document, newestOf(document)));
  const from = asked ?? (changing.every(isNew) ? quarterBefore(nowMs) : quarterAfter(nowMs));
  const changes = documents.map((document) => changeOf(document, newestOf(document), from));
  const mistakes = changes.flatMap((change) => tooEarly(change, newestOf(change.document), from, nowMs) ?? []);
  if (mistakes.length > 0) throw new ObjectMistakes(mistakes);
  const after = afterwards(timelines, changes, from);
  const wrong = await wrongReferences(after, changes, Math.min(from, quarterBefore(nowMs)));
  if (wrong.length > 0) throw new ObjectMistakes(wrong);
  return changes;
}

function isSame(document: ObjectDocument, newest: Version | undefined): boolean {
  if (document.body === undefined) return newest !== undefined && newest.to !== null;
  return newest?.to === null && newest.sha256 === document.sha256;
}

function changeOf(document: ObjectDocument, newest: Version | undefined, from: number): PlannedChange {
  const before = newest?.to === null ? newest : undefined;
  const version = newest?.version ?? 0;
  if (isSame(document, newest)) {
    const since = newest?.to ?? newest?.from ?? from;
    return { document, change: 'unchanged', version, from: since, before };
  }
  if (document.body === undefined) return { document, change: 'retired', version, from, before };
  return { document, change: before === undefined ? 'created' : 'changed', version: version + 1, from, before };
}

/** Why it cannot begin, or end, at that instant. */
function tooEarly(
  { change, document }: PlannedChange,
  newest: Version | undefined,
  from: number,
  nowMs: number,
): FourninesError | undefined {
  if (change === 'unchanged') return undefined;
  const what = `${document.kind} ${document.name}`;
  if (newest === undefined) {
    if (change !== 'retired') return undefined;
    return document.mistake(['metadata', 'name'], `there is no ${what} to retire`, 'Check kind and name.');
  }
  const begun = newest.to ?? newest.from;
  if (from < begun) {
    const [problem, hint] =
      newest.to === null
        ? [`version ${newest.version} of ${what} begins ${isoOf(begun)}`, 'It can be replaced from then on']
        : [`${what} ends ${isoOf(begun)}`, 'It can begin again from then on'];
    return document.mistake([], problem, `${hint}: --from ${isoOf(begun)}.`);
  }
  if (from * 1000 >= nowMs) return undefined;
  return document.mistake(
    [],
    `${what} has held before, and cannot change ${isoOf(from)}: that has passed`,
    `What was judged stays judged. The next instant for a change is ${isoOf(quarterAfter(nowMs))}.`,
  );
}

/** All names as they are afterwards. */
function afterwards(
  timelines: ReadonlyMap<string, readonly Version[]>,
  changes: readonly PlannedChange[],
  from: number,
): ReadonlyMap<string, readonly Held[]> {
  const after = new Map<string, readonly Held[]>(timelines);
  for (const { change, document } of changes) {
    if (change === 'unchanged') continue;
    const { kind, name, body } = document;
    const key = keyOf(kind, name);
    const ended = (after.get(key) ?? []).map((held) => (held.to === null ? { ...held, to: from } : held));
    after.set(key, body === undefined ? ended : [...ended, { kind, name, from, to: null, body }]);
  }
  const count = [...after.values()].filter((held) => held.at(-1)?.to === null).length;
  if (count <= objectsMax) return after;
  throw new FourninesError('FN_OBJECT_FILE', `${count} objects are more than the ${objectsMax} that a server holds`, {
    hint: 'Retire what is not needed any more, or share the tenants out among several servers.',
  });
}

/** References of what changes, and of what refers to it. */
async function wrongReferences(
  after: ReadonlyMap<string, readonly Held[]>,
  changes: readonly PlannedChange[],
  since: number,
): Promise<FourninesError[]> {
  const documents = new Map(changes.map(({ document }) => [keyOf(document.kind, document.name), document]));
  const changed = new Map(
    changes.flatMap(({ change, document }) =>
      change === 'unchanged' ? [] : [[keyOf(document.kind, document.name), document]],
    ),
  );
  const mistakes: FourninesError[] = [];
  const pauses = new Pauses();
  for (const [key, timeline] of after) {
    await pauses.due();
    for (const held of timeline) {
      for (const reference of referencesOf(held)) {
        const other = keyOf(reference.kind, reference.name);
        if (!changed.has(key) && !changed.has(other)) continue;
        const wrong = wrongWith(reference, held, after.get(other) ?? [], since);
        if (wrong === undefined) continue;
        const own = documents.get(key);
        if (own?.body !== undefined) mistakes.push(own.mistake(reference.path, wrong, hintOf(reference.kind)));
        else mistakes.push(stillNeeded(held, wrong, changed.get(other) ?? own));
      }
    }
  }
  return mistakes;
}

function hintOf(kind: ObjectKind): string {
  return `Apply a ${kind} that holds all that time, in the same files or before, and see its name for slips.`;
}

/** Told where the mistake is mended: what refers to it is in no document here. */
function stillNeeded({ kind, name }: Held, wrong: string, document: ObjectDocument | undefined): FourninesError {
  const what = `${kind} ${name} needs it: ${wrong}`;
  const hint = `Change or retire ${kind} ${name} as well, in the same files.`;
  return document?.mistake([], what, hint) ?? new FourninesError('FN_OBJECT_FILE', what, { hint });
}
