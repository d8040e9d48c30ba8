import { type Direction, directions } from '../../core/catalogue/kind-parts.ts';
import { lastSecond, parseInstant } from './instant.ts';
import type { JsonScanner } from './json-scanner.ts';

const states = ['observed', 'bridged', 'sealed', 'unknown'] as const;
const classes = ['clean', 'idle'] as const;
const owners = ['provider', 'tenant', 'contract', 'unknown'] as const;
const dropsMax = 256;
const keys = [
  'host',
  'port',
  'direction',
  'slot',
  'repeat',
  'state',
  'class',
  'slots',
  'offered',
  'offeredMax',
  'delivered',
  'drops',
  'probe',
  'suspect',
  'shared',
] as const;
type Key = (typeof keys)[number];
const bitOf = new Map<string, number>(keys.map((key, i) => [key, 1 << i]));

/** One row as its line says it. Used again for each line: a file has millions. */
export class SlotRow {
  host = '';
  port = '';
  direction: Direction = 'rx';
  /** Unix seconds. */
  slot = 0;
  /** `repeat` of an observed or unknown row, `slots` of a bridged or sealed one. */
  count = 1;
  state: (typeof states)[number] = 'unknown';
  class: (typeof classes)[number] = 'clean';
  offered = 0n;
  offeredMax = 0n;
  delivered = 0n;
  /** All drops; those that count as bad; those that the contract takes. */
  dropped = 0n;
  bad = 0n;
  contract = 0n;
  sent = 0;
  lost = 0;
  suspect = false;
  /** Lost before anybody knew whose it was; in no other number. */
  shared = 0n;
  #told = 0;
  /** Keys and state of the last row whose keys fit its state. */
  #fitted = 0;
  #fittedState: (typeof states)[number] | undefined;
  /** The keys of the last row: the next one mostly has the same, in the same order. */
  readonly #order: string[] = [];

  /** Reads one line; throws LineMistake. */
  read(scanner: JsonScanner): void {
    this.#clear();
    scanner.expect('{', 'a line is a JSON object');
    if (!scanner.takes('}')) {
      let i = 0;
      do {
        scanner.key = '';
        const key = scanner.memberKey(this.#order[i]);
        scanner.key = key;
        this.#tell(scanner, key);
        this.#order[i++] = key;
        this.#value(scanner, key as Key);
        scanner.key = key;
      } while (scanner.another('}'));
    }
    scanner.key = '';
    scanner.finish();
    this.#check(scanner);
  }

  #clear(): void {
    this.#told = 0;
    this.host = '';
    this.count = 1;
    this.offered = 0n;
    this.offeredMax = 0n;
    this.delivered = 0n;
    this.dropped = 0n;
    this.bad = 0n;
    this.contract = 0n;
    this.sent = 0;
    this.lost = 0;
    this.suspect = false;
    this.shared = 0n;
  }

  #tell(scanner: JsonScanner, key: string): void {
    const bit = bitOf.get(key);
    if (bit === undefined) scanner.fail('unknown key', `Known are ${keys.join(', ')}.`);
    if ((this.#told & bit) !== 0) scanner.fail('stands twice in this line', 'Leave one of the two.');
    this.#told |= bit;
  }

  #has(key: Key): boolean {
    return (this.#told & (bitOf.get(key) as number)) !== 0;
  }

  #value(scanner: JsonScanner, key: Key): void {
    switch (key) {
      case 'host':
      case 'port':
        this[key] = scanner.text();
        if (this[key] === '') scanner.fail('must not be empty');
        return;
      case 'direction':
        this.direction = oneOf(scanner, directions);
        return;
      case 'slot':
        this.slot = slotOf(scanner);
        return;
      case 'repeat':
      case 'slots':
        this.count = scanner.count(1, lastSecond);
        return;
      case 'state':
        this.state = oneOf(scanner, states);
        return;
      case 'class':
        this.class = oneOf(scanner, classes);
        return;
      case 'offered':
      case 'offeredMax':
      case 'delivered':
      case 'shared':
        this[key] = scanner.packets();
        return;
      case 'drops':
        this.#drops(scanner);
        return;
      case 'probe':
        this.#probe(scanner);
        return;
      case 'suspect':
        this.suspect = scanner.truth();
    }
  }

  #drops(scanner: JsonScanner): void {
    scanner.expect('[', 'must be a list');
    if (scanner.takes(']')) return;
    let i = 0;
    do {
      scanner.key = 'drops';
      if (i >= dropsMax) scanner.fail(`has more than ${dropsMax} members`);
      const at = `drops[${i++}]`;
      scanner.key = at;
      const drop = members(scanner, at, dropKeys, (key) => {
        if (key === 'packets') return scanner.packets();
        return key === 'owner' ? oneOf(scanner, owners) : scanner.text();
      });
      const packets = drop[2] as bigint;
      this.dropped += packets;
      if (drop[1] === 'provider' || drop[1] === 'unknown') this.bad += packets;
      if (drop[1] === 'contract') this.contract += packets;
      scanner.key = at;
    } while (scanner.another(']'));
  }

  #probe(scanner: JsonScanner): void {
    const [sent, lost] = members(scanner, 'probe', probeKeys, () => scanner.count(0, lastSecond));
    this.sent = sent as number;
    this.lost = lost as number;
    scanner.key = 'probe.lost';
    if (this.lost > this.sent) scanner.fail(`${this.lost} probes are lost, but only ${this.sent} were sent`);
  }

  #check(scanner: JsonScanner): void {
    // Rows with the same keys and state come one after another.
    if (this.#told !== this.#fitted || this.state !== this.#fittedState) this.#checkKeys(scanner);
    if (this.state !== 'unknown') this.#conserve(scanner);
    if (this.state === 'sealed') this.#checkSealed(scanner);
    if (this.slot + this.count <= lastSecond) return;
    scanner.key = this.#has('slots') ? 'slots' : 'repeat';
    scanner.fail('the row ends after the year 2106');
  }

  #checkKeys(scanner: JsonScanner): void {
    this.#need(scanner, 'port', 'direction', 'slot', 'state');
    const { state } = this;
    const lump = state === 'bridged' || state === 'sealed';
    if (state === 'unknown') {
      const numbers = ['class', 'offered', 'offeredMax', 'delivered', 'drops', 'probe', 'suspect', 'shared'] as const;
      this.#refuse(scanner, 'an unknown row carries no numbers', ...numbers);
    } else {
      this.#need(scanner, 'offered', 'delivered');
    }
    if (lump) {
      const why = 'belongs to observed and unknown rows; the length of this one is told by slots';
      this.#need(scanner, 'slots');
      this.#refuse(scanner, why, 'repeat');
      this.#refuse(scanner, 'belongs to observed rows: nobody knows in which of these slots a probe was lost', 'probe');
    } else {
      this.#refuse(scanner, 'belongs to bridged and sealed rows; the length of this one is told by repeat', 'slots');
    }
    if (state === 'sealed') {
      this.#need(scanner, 'class', 'offeredMax');
      this.#refuse(scanner, 'belongs to observed and bridged rows', 'suspect');
      this.#refuse(scanner, 'a slot with loss further up is neither clean nor idle: it is told one by one', 'shared');
    } else {
      this.#refuse(scanner, 'belongs to sealed rows', 'class', 'offeredMax');
    }
    this.#fitted = this.#told;
    this.#fittedState = state;
  }

  #need(scanner: JsonScanner, ...wanted: readonly Key[]): void {
    for (const key of wanted) {
      scanner.key = key;
      if (!this.#has(key))
        scanner.fail(this.#has('state') ? `is missing in a row that is ${this.state}` : 'is missing');
    }
  }

  #refuse(scanner: JsonScanner, why: string, ...unwanted: readonly Key[]): void {
    for (const key of unwanted) {
      scanner.key = key;
      if (this.#has(key)) scanner.fail(why);
    }
  }

  #conserve(scanner: JsonScanner): void {
    if (this.suspect || this.offered === this.delivered + this.dropped) return;
    scanner.key = 'offered';
    const { offered, delivered, dropped } = this;
    const hint = 'Mend the numbers, or say "suspect": true: then they are kept, and the slots count as unknown.';
    if (offered < delivered) scanner.fail(`${offered} is less than delivered, ${delivered}`, hint);
    scanner.fail(`${offered} is not delivered + drops, ${delivered} + ${dropped}`, hint);
  }

  #checkSealed(scanner: JsonScanner): void {
    const { count, offered, offeredMax, contract, dropped, bad } = this;
    const slots = BigInt(count);
    const mine = offered - contract;
    const hint = 'A sealed run has only slots of its class; others are told one by one.';
    scanner.key = 'drops';
    if (bad > 0n) scanner.fail(`${bad} drops are the provider's or unknown, in a sealed run`, hint);
    if (this.class === 'idle' && dropped > 0n) scanner.fail('an idle run lost nothing', hint);
    scanner.key = 'offered';
    if (this.class === 'clean' && offered < 10n * slots)
      scanner.fail('a clean run has 10 packets or more in each slot', hint);
    scanner.key = 'offeredMax';
    if (this.class === 'idle' && offeredMax > 9n)
      scanner.fail('an idle run has fewer than 10 packets in each slot', hint);
    if (offeredMax > mine) scanner.fail(`${offeredMax} is more than the whole run, ${mine}`);
    if (offeredMax * slots < mine)
      scanner.fail(`${count} slots of at most ${offeredMax} are less than the run, ${mine}`);
  }
}

const dropKeys = ['cause', 'owner', 'packets'] as const;
const probeKeys = ['sent', 'lost'] as const;

/** Every word that a row may have. */
export const rowWords: readonly string[] = [
  ...directions,
  ...owners,
  ...classes,
  ...probeKeys,
  ...dropKeys,
  ...states,
  ...keys,
];

/** The members of a small object, each once and all there, in the order of `names`. */
function members<K extends string, V>(
  scanner: JsonScanner,
  at: string,
  names: readonly K[],
  read: (key: K) => V,
): (V | undefined)[] {
  const values: (V | undefined)[] = new Array(names.length).fill(undefined);
  scanner.expect('{', 'must be an object');
  if (!scanner.takes('}')) {
    do {
      scanner.key = at;
      const name = scanner.text();
      scanner.key = `${at}.${name}`;
      const i = names.indexOf(name as K);
      if (i < 0) scanner.fail('unknown key', `Known are ${names.join(', ')}.`);
      if (values[i] !== undefined) scanner.fail('stands twice in this line', 'Leave one of the two.');
      scanner.expect(':', 'a ":" belongs behind the key');
      values[i] = read(name as K);
      scanner.key = at;
    } while (scanner.another('}'));
  }
  for (let i = 0; i < names.length; i++) {
    scanner.key = `${at}.${names[i]}`;
    if (values[i] === undefined) scanner.fail('is missing');
  }
  return values;
}

function oneOf<const T extends string>(scanner: JsonScanner, choices: readonly T[]): T {
  const text = scanner.text();
  for (const choice of choices) if (choice === text) return choice;
  return scanner.fail(`must be one of ${choices.join(', ')}, not ${JSON.stringify(text.slice(0, 40))}`);
}

function slotOf(scanner: JsonScanner): number {
  const usual = scanner.usualInstant();
  if (usual !== undefined) return usual;
  const text = scanner.text();
  const instant = parseInstant(text);
  const hint = 'Write the instant in UTC, such as 2026-11-01T00:00:00Z.';
  if (instant === undefined)
    scanner.fail(`${JSON.stringify(text.slice(0, 40))} is no RFC 3339 instant in UTC from 1970 to 2106`, hint);
  if (!instant.whole) scanner.fail('slots begin on whole seconds', hint);
  return instant.second;
}
