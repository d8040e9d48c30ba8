import { FourninesError } from '../../../core/runtime/error.ts';
import { exactInteger } from '../../exact-json.ts';

/** One value of the database: a uuid is its text. Integers are 64 bit, signed. */
export type Atom = string | bigint | number | boolean;

/** A column: a set (a single value is a set of one, an absent optional value an empty one) or a map. */
export type Datum =
  | { readonly kind: 'set'; readonly atoms: readonly Atom[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<Atom, Atom> };

export type AtomType = 'integer' | 'real' | 'boolean' | 'string' | 'uuid';

/** What the schema says of a column, as far as reading and differences need it. */
export interface ColumnType {
  readonly key: AtomType;
  /** Defined for maps. */
  readonly value: AtomType | undefined;
  readonly min: 0 | 1;
  /** Holds more than one element: its changes come as differences, all others as the new value. */
  readonly isComposite: boolean;
}

const atomTypes: ReadonlySet<unknown> = new Set(['integer', 'real', 'boolean', 'string', 'uuid']);

/** The `type` of a column in the answer to get_schema: a name, or an object with key, value, min and max. */
export function columnTypeOf(json: unknown): ColumnType {
  if (typeof json === 'string') return { key: atomType(json), value: undefined, min: 1, isComposite: false };
  const { key, value, min, max } = jsonObject(json);
  return {
    key: atomType(baseType(key)),
    value: value === undefined ? undefined : atomType(baseType(value)),
    min: min === 0 ? 0 : 1,
    isComposite: max === 'unlimited' || (typeof max === 'number' && max > 1),
  };
}

/** What a column has that an insert leaves out: nothing, or for a single value the zero of its type. */
export function defaultDatum(type: ColumnType): Datum {
  if (type.value !== undefined) return { kind: 'map', entries: new Map() };
  return { kind: 'set', atoms: type.min === 0 ? [] : [zeroAtoms[type.key]] };
}

const zeroAtoms: Readonly<Record<AtomType, Atom>> = {
  integer: 0n,
  real: 0,
  boolean: false,
  string: '',
  uuid: '00000000-0000-0000-0000-000000000000',
};

/** Reads `["map", …]`, `["set", …]`, or a bare atom, which stands for a set of one. */
export function datumOf(json: unknown, type: ColumnType): Datum {
  if (type.value !== undefined) {
    const entries = new Map<Atom, Atom>();
    for (const pair of tagged(json, 'map')) {
      if (!Array.isArray(pair) || pair.length !== 2) refuse('a map has something other than pairs');
      entries.set(atomOf(pair[0], type.key), atomOf(pair[1], type.value));
    }
    return { kind: 'map', entries };
  }
  if (Array.isArray(json) && json[0] === 'set') {
    return { kind: 'set', atoms: tagged(json, 'set').map((atom) => atomOf(atom, type.key)) };
  }
  return { kind: 'set', atoms: [atomOf(json, type.key)] };
}

/** Applies what a `modify` says: the new value, or for sets and maps of several elements the difference. */
export function applyDifference(old: Datum, difference: Datum, type: ColumnType): Datum {
  if (!type.isComposite) return difference;
  if (old.kind === 'map' && difference.kind === 'map') {
    const entries = new Map(old.entries);
    for (const [key, value] of difference.entries) {
      // The difference names a removed pair with its old value, and a changed one with its new value.
      if (entries.get(key) === value) entries.delete(key);
      else entries.set(key, value);
    }
    return { kind: 'map', entries };
  }
  if (old.kind === 'set' && difference.kind === 'set') {
    const atoms = new Set(old.atoms);
    for (const atom of difference.atoms) if (!atoms.delete(atom)) atoms.add(atom);
    return { kind: 'set', atoms: [...atoms] };
  }
  return refuse('a difference does not fit its column');
}

export function jsonObject(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  return refuse('an object is missing');
}

export function refuse(why: string): never {
  throw new FourninesError('FN_OVS_REPLY', `ovsdb-server: ${why}`);
}

function tagged(json: unknown, tag: 'map' | 'set'): readonly unknown[] {
  if (Array.isArray(json) && json[0] === tag && Array.isArray(json[1])) return json[1];
  return refuse(`a ${tag} is missing`);
}

function baseType(json: unknown): unknown {
  return typeof json === 'string' ? json : jsonObject(json)['type'];
}

function atomType(json: unknown): AtomType {
  return atomTypes.has(json) ? (json as AtomType) : refuse('a column has a type that is not known');
}

function atomOf(json: unknown, type: AtomType): Atom {
  switch (type) {
    case 'integer':
      return exactInteger(json) ?? refuse('an integer is missing');
    case 'real':
      return typeof json === 'bigint' || typeof json === 'number' ? Number(json) : refuse('a number is missing');
    case 'boolean':
      return typeof json === 'boolean' ? json : refuse('a boolean is missing');
    case 'string':
      return typeof json === 'string' ? json : refuse('a string is missing');
    case 'uuid':
      return Array.isArray(json) && json[0] === 'uuid' && typeof json[1] === 'string'
        ? json[1]
        : refuse('a uuid is missing');
  }
}
