import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar } from 'yaml';
import { FourninesError } from '../../core/runtime/error.ts';
import { printable } from '../slo/printable.ts';
import { Digits, type Plain } from './plain.ts';

export type YamlCode =
  | 'FN_OBJECTIVE_FILE'
  | 'FN_EXCLUSIONS_FILE'
  | 'FN_OBJECT_FILE'
  | 'FN_ALERTING_FILE'
  | 'FN_PLAN_INPUT';

const textMax = 262_144;
const itemsMax = 10_000;

interface Origin {
  readonly name: string;
  readonly code: YamlCode;
  readonly lineOf: (offset: number) => number;
}

/**
 * Parses a file of YAML whose every key is known; whatever does not fit is refused with its line and key. `firstLine`: where
 * the text begins in the file that it is a piece of.
 */
export function readYaml(name: string, text: string, code: YamlCode, firstLine = 1): YamlValue {
  if (text.length > textMax) throw new FourninesError(code, `${name} is longer than ${textMax} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, { uniqueKeys: true, lineCounter: lines });
  const mistake = document.errors[0] ?? document.warnings[0];
  const lineOf = (offset: number) => lines.linePos(offset).line + firstLine - 1;
  if (mistake !== undefined) {
    const line = lineOf(mistake.pos[0]);
    const what =
      mistake.code === 'DUPLICATE_KEY' ? `a key stands twice` : (mistake.message.split(/ at line | in "/)[0] ?? '');
    throw new FourninesError(code, `${name} line ${line}: ${printable(what.split('\n')[0] ?? '')}`, {
      context: { file: name, line },
    });
  }
  return new YamlValue({ name, code, lineOf }, '', document.contents, firstLine);
}

/** A value, where it stands, and how it must look. */
export class YamlValue {
  readonly key: string;
  readonly line: number;
  readonly #origin: Origin;
  readonly #node: Node | null;

  constructor(origin: Origin, key: string, node: Node | null, line: number) {
    this.#origin = origin;
    this.key = key;
    this.#node = node;
    this.line = node?.range ? origin.lineOf(node.range[0]) : line;
    if (isAlias(node)) this.fail('an alias', 'Write the value out.');
    if (node?.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:'))
      this.fail(`a tag ${node.tag} means nothing here`);
  }

  fail(what: string, hint?: string): never {
    const { name, code } = this.#origin;
    const where = this.key === '' ? '' : `, key ${this.key}`;
    throw new FourninesError(code, `${name} line ${this.line}${printable(`${where}: ${what}`)}`, {
      ...(hint === undefined ? {} : { hint }),
      context: { file: name, line: this.line, key: this.key },
    });
  }

  /** Keys and values, each key one of `known`. */
  map<const K extends string>(known: readonly K[]): YamlMap<K> {
    if (!isMap(this.#node)) this.fail(`must have the keys ${known.join(', ')}`);
    const values = new Map<string, YamlValue>();
    for (const pair of this.#node.items as Pair<Node, Node | null>[]) {
      const name = isScalar(pair.key) ? String(pair.key.value) : '?';
      const value = new YamlValue(this.#origin, this.#below(name), pair.value, this.#lineOf(pair.key));
      if (!(known as readonly string[]).includes(name)) {
        const at = new YamlValue(this.#origin, this.#below(name), pair.key, value.line);
        at.fail('unknown key', `Known here are ${known.join(', ')}.`);
      }
      values.set(name, value);
    }
    return new YamlMap(this, values);
  }

  /** Keys and values, whatever the keys. */
  entries(): ReadonlyMap<string, YamlValue> {
    if (!isMap(this.#node)) this.fail('must be keys and values');
    const pairs = this.#node.items as Pair<Node, Node | null>[];
    return new Map(
      pairs.map(({ key, value }) => {
        const name = isScalar(key) ? String(key.value) : this.fail('has a key that is no text');
        return [name, new YamlValue(this.#origin, this.#below(name), value, this.#lineOf(key))];
      }),
    );
  }

  #below(name: string): string {
    return this.key === '' ? name : `${this.key}.${name}`;
  }

  #lineOf(node: Node | null, otherwise = this.line): number {
    return node?.range ? this.#origin.lineOf(node.range[0]) : otherwise;
  }

  list(): YamlValue[] {
    if (!isSeq(this.#node)) this.fail('must be a list');
    const { items } = this.#node;
    if (items.length > itemsMax) this.fail(`has more than ${itemsMax} members`);
    return items.map((item, i) => new YamlValue(this.#origin, `${this.key}[${i}]`, item as Node | null, this.line));
  }

  /** A list with exactly one member. */
  only(why: string): YamlValue {
    const members = this.list();
    const [member] = members;
    if (member === undefined || members.length > 1) this.fail(`must have one member, not ${members.length}`, why);
    return member;
  }

  text(): string {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value !== 'string') this.fail('must be a text', 'Put it in quotes if it looks like a number.');
    if (value.trim() === '') this.fail('must not be empty');
    if (value.length > 1000) this.fail('is longer than 1000 characters');
    return value;
  }

  /** Where a text of one line stands in the file, quotes included: from the first offset up to the second. */
  get span(): readonly [from: number, to: number] {
    const { type, range } = isScalar(this.#node) ? (this.#node as Scalar) : {};
    const isBlock = type === Scalar.BLOCK_FOLDED || type === Scalar.BLOCK_LITERAL;
    if (isBlock || !range) this.fail('must stand in one line', 'Put it in quotes, behind its key.');
    return [range[0], range[1]];
  }

  /** Whatever stands there, numbers as their digits. */
  plain(): Plain {
    if (isMap(this.#node)) return Object.fromEntries([...this.entries()].map(([key, value]) => [key, value.plain()]));
    if (isSeq(this.#node)) return this.list().map((member) => member.plain());
    const scalar = isScalar(this.#node) ? this.#node : undefined;
    const value = scalar?.value ?? null;
    if (typeof value === 'number' || typeof value === 'bigint') return new Digits(this.digits());
    return typeof value === 'boolean' || value === null ? value : String(value);
  }

  /** True where nothing stands. */
  isEmpty(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  /** The line of what a path leads to, or of the last part of it that is there. */
  lineAt(path: readonly (string | number)[]): number {
    let line = this.line;
    let node: unknown = this.#node;
    for (const part of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
        line = this.#lineOf((pair?.key as Node | undefined) ?? null, line);
        node = pair?.value;
      } else node = isSeq(node) ? node.items[Number(part)] : undefined;
      if (isScalar(node) || isSeq(node) || isMap(node)) line = this.#lineOf(node, line);
    }
    return line;
  }

  oneOf<const T extends string>(choices: readonly T[], why?: string): T {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    for (const choice of choices) if (choice === value) return choice;
    const what = typeof value === 'string' || typeof value === 'number' ? `, not ${JSON.stringify(value)}` : '';
    return this.fail(`must be ${choices.length === 1 ? choices[0] : `one of ${choices.join(', ')}`}${what}`, why);
  }

  truth(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    return typeof value === 'boolean' ? value : this.fail('must be true or false');
  }

  /** The digits that stand in the file, in quotes or not. */
  digits(): string {
    if (!isScalar(this.#node)) this.fail('must be a number');
    const { type, source, value } = this.#node as Scalar;
    const plain = type === Scalar.PLAIN;
    if (!plain && typeof value !== 'string') this.fail('must be a number');
    return (plain ? (source ?? '') : String(value)).trim();
  }

  integer(min: number, max: number): number {
    const digits = this.digits();
    const value = /^(0|[1-9]\d{0,9})$/.test(digits) ? Number(digits) : Number.NaN;
    if (!(value >= min && value <= max))
      this.fail(`must be an integer from ${min} to ${max}, not ${digits.slice(0, 40)}`);
    return value;
  }
}

export class YamlMap<K extends string> {
  readonly #of: YamlValue;
  readonly #values: ReadonlyMap<string, YamlValue>;

  constructor(of: YamlValue, values: ReadonlyMap<string, YamlValue>) {
    this.#of = of;
    this.#values = values;
  }

  get(key: K): YamlValue {
    const value = this.#values.get(key);
    return value ?? this.#of.fail(`${key} is missing`);
  }

  maybe(key: K): YamlValue | undefined {
    return this.#values.get(key);
  }

  /** A key that does not belong beside the others. */
  without(key: K, why: string): void {
    this.#values.get(key)?.fail(why);
  }
}
