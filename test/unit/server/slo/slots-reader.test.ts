import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { ask, excluded, gap, november, read, sealed, seen, textOf, unseen } from './asking.ts';

function mistakeOf(doing: () => unknown): FourninesError {
  try {
    doing();
  } catch (error) {
    if (error instanceof FourninesError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const good = JSON.stringify(seen(november, 100, 1));
const without = (key: string) => JSON.stringify({ ...seen(november, 100, 1), [key]: undefined });
const with_ = (over: object) => JSON.stringify({ ...seen(november, 100, 1), ...over });
const idle = { offered: '20', delivered: '20', offeredMax: '9', class: 'idle' };

/** A second line and what is said of it. */
const bad: readonly (readonly [string, string, string])[] = [
  ['no JSON', 'hello', 'line 2: a line is a JSON object, not hello'],
  ['a list', '[]', 'line 2: a line is a JSON object, not ['],
  ['cut short', good.slice(0, 40), 'line 2: the text has no closing quote'],
  [
    'cut short behind a value',
    good.slice(0, -1),
    'line 2, key drops: "," or "}" belongs here, not the end of the line',
  ],
  ['two objects', good + good, 'line 2: the object has ended, but {"port":"p1" follows'],
  ['a comma too many', good.replace('}', ',}'), 'line 2, key drops[0]: must be a text in quotes, not }'],
  ['an unknown key', with_({ ofered: '1' }), 'line 2, key ofered: unknown key'],
  ['a key that would paint a terminal', '{"\\u001b[31m":1}', 'line 2, key \\u001b[31m: unknown key'],
  ['a NUL alone', '\0', 'line 2: a line is a JSON object, not \\u0000'],
  ['NULs before a row, as a crash leaves them', `\0\0\0${good}`, 'line 2: a line is a JSON object, not \\u0000'],
  ['a NUL behind a row', `${good}\0`, 'line 2: the object has ended, but \\u0000 follows'],
  ['a NUL in a row', good.replace(',', ',\0'), 'line 2: must be a text in quotes, not \\u0000"direction'],
  ['a byte order mark', `\ufeff${good}`, 'line 2: a line is a JSON object, not \\ufeff'],
  ['no UTF-8', Buffer.from('{}', 'utf16le').toString(), 'line 2: must be a text in quotes, not \\u0000'],
  ['control characters', '\u001b[2J', 'line 2: a line is a JSON object, not \\u001b[2J'],
  ['a key twice', good.replace('{', '{"offered":"1",'), 'line 2, key offered: stands twice in this line'],
  ['no port', without('port'), 'line 2, key port: is missing'],
  ['no slot', without('slot'), 'line 2, key slot: is missing'],
  ['no state', without('state'), 'line 2, key state: is missing'],
  ['no delivered', without('delivered'), 'line 2, key delivered: is missing in a row that is observed'],
  ['an empty port', with_({ port: '' }), 'line 2, key port: must not be empty'],
  [
    'another direction',
    with_({ direction: 'up' }),
    'line 2, key direction: must be one of rx, tx, toGuest, fromGuest, not "up"',
  ],
  ['another state', with_({ state: 'seen' }), 'line 2, key state: must be one of observed, bridged, sealed, unknown'],
  [
    'a negative integer',
    with_({ offered: '-1' }),
    'line 2, key offered: must be an integer from 0 to 2^64 - 1 in quotes, not "-1"',
  ],
  ['a float', with_({ offered: '1.5' }), 'key offered: must be an integer from 0 to 2^64 - 1 in quotes, not "1.5"'],
  ['an exponent', with_({ offered: '1e3' }), 'key offered: must be an integer from 0 to 2^64 - 1 in quotes, not "1e3"'],
  [
    'a leading zero',
    with_({ offered: '0100' }),
    'key offered: must be an integer from 0 to 2^64 - 1 in quotes, not "0100"',
  ],
  ['an empty number', with_({ offered: '' }), 'key offered: must be an integer from 0 to 2^64 - 1 in quotes, not ""'],
  [
    'a number without quotes',
    with_({ offered: 100 }),
    'key offered: must be an integer from 0 to 2^64 - 1 in quotes, not 100',
  ],
  ['2^64', with_({ offered: '18446744073709551616' }), 'key offered: 18446744073709551616 is more than 2^64 - 1'],
  ['99 digits', with_({ offered: '9'.repeat(99) }), 'key offered: must be an integer from 0 to 2^64 - 1 in quotes'],
  ['null', with_({ offered: null }), 'key offered: must be an integer from 0 to 2^64 - 1 in quotes, not null'],
  ['repeat 0', with_({ repeat: 0 }), 'key repeat: must be an integer from 1 to 4294967295 without quotes, not 0'],
  ['repeat -1', with_({ repeat: -1 }), 'key repeat: must be an integer from 1 to 4294967295 without quotes, not -1'],
  ['repeat 1.5', with_({ repeat: 1.5 }), 'key repeat: must be an integer from 1 to 4294967295 without quotes, not 1.5'],
  ['repeat "2"', with_({ repeat: '2' }), 'key repeat: must be an integer from 1 to 4294967295 without quotes, not "2"'],
  ['repeat 1e99', good.replace('{', '{"repeat":1e99,'), 'key repeat: must be an integer'],
  ['a row into 2106', with_({ repeat: 4294967295 }), 'key repeat: the row ends after the year 2106'],
  ['no instant', with_({ slot: 'yesterday' }), 'key slot: "yesterday" is no RFC 3339 instant in UTC'],
  [
    'a zone',
    with_({ slot: '2026-11-01T07:00:00+07:00' }),
    'key slot: "2026-11-01T07:00:00+07:00" is no RFC 3339 instant in UTC',
  ],
  ['30 February', with_({ slot: '2026-02-30T00:00:00Z' }), 'key slot: "2026-02-30T00:00:00Z" is no RFC 3339 instant'],
  ['29 February', with_({ slot: '2026-02-29T00:00:00Z' }), 'key slot: "2026-02-29T00:00:00Z" is no RFC 3339 instant'],
  ['24 o’clock', with_({ slot: '2026-11-01T24:00:00Z' }), 'key slot: "2026-11-01T24:00:00Z" is no RFC 3339 instant'],
  ['half a second', with_({ slot: '2026-11-01T00:00:00.5Z' }), 'key slot: slots begin on whole seconds'],
  ['less than delivered', with_({ offered: '98' }), 'key offered: 98 is less than delivered, 99'],
  ['not delivered + drops', with_({ offered: '101' }), 'key offered: 101 is not delivered + drops, 99 + 1'],
  ['shared as a number', with_({ shared: 12 }), 'key shared: must be'],
  ['shared below 0', with_({ shared: '-1' }), 'key shared: must be'],
  ['suspect "yes"', with_({ suspect: 'yes' }), 'key suspect: must be true or false, not "yes"'],
  [
    'an unknown owner',
    with_({ drops: [{ cause: 'c', owner: 'me', packets: '1' }] }),
    'key drops[0].owner: must be one of provider',
  ],
  ['a drop without packets', with_({ drops: [{ cause: 'c', owner: 'tenant' }] }), 'key drops[0].packets: is missing'],
  [
    'a drop with a key too many',
    with_({ drops: [{ cause: 'c', owner: 'tenant', packets: '1', when: 'now' }] }),
    'key drops[0].when: unknown key',
  ],
  ['drops that are none', with_({ drops: {} }), 'key drops: must be a list, not {'],
  [
    'more probes lost than sent',
    with_({ probe: { sent: 1, lost: 2 } }),
    'key probe.lost: 2 probes are lost, but only 1 were sent',
  ],
  ['a probe in quotes', with_({ probe: { sent: '1', lost: 0 } }), 'key probe.sent: must be an integer from 0 to'],
  [
    'numbers of an unknown row',
    JSON.stringify({ ...unseen(november), offered: '1' }),
    'key offered: an unknown row carries no numbers',
  ],
  ['slots of an observed row', with_({ slots: 2 }), 'key slots: belongs to bridged and sealed rows'],
  [
    'repeat of a gap',
    JSON.stringify({ ...gap(november, 2, 10), repeat: 2 }),
    'key repeat: belongs to observed and unknown rows',
  ],
  [
    'a gap without slots',
    JSON.stringify({ ...gap(november, 2, 10), slots: undefined }),
    'key slots: is missing in a row that is bridged',
  ],
  [
    'probes of a gap',
    JSON.stringify({ ...gap(november, 2, 10), probe: { sent: 1, lost: 1 } }),
    'key probe: belongs to observed rows',
  ],
  ['a class of an observed row', with_({ class: 'clean' }), 'key class: belongs to sealed rows'],
  [
    'a sealed run without its largest slot',
    JSON.stringify({ ...sealed(november, 2, 20), offeredMax: undefined }),
    'key offeredMax: is missing in a row that is sealed',
  ],
  [
    'a sealed run with loss',
    JSON.stringify(sealed(november, 2, 20, { offered: '41', drops: [{ cause: 'c', owner: 'unknown', packets: '1' }] })),
    "key drops: 1 drops are the provider's or unknown, in a sealed run",
  ],
  [
    'an idle run with loss',
    JSON.stringify(
      sealed(november, 4, 5, { ...idle, offered: '21', drops: [{ cause: 'c', owner: 'tenant', packets: '1' }] }),
    ),
    'key drops: an idle run lost nothing',
  ],
  [
    'a clean run that was idle',
    JSON.stringify(sealed(november, 3, 10, { offered: '29', delivered: '29' })),
    'key offered: a clean run has 10 packets or more in each slot',
  ],
  [
    'an idle run that was not',
    JSON.stringify(sealed(november, 4, 5, { ...idle, offeredMax: '10' })),
    'key offeredMax: an idle run has fewer than 10 packets in each slot',
  ],
  [
    'a largest slot above the run',
    JSON.stringify(sealed(november, 2, 20, { offeredMax: '41' })),
    'key offeredMax: 41 is more than the whole run, 40',
  ],
  [
    'a largest slot below the mean',
    JSON.stringify(sealed(november, 2, 20, { offeredMax: '19' })),
    'key offeredMax: 2 slots of at most 19 are less than the run, 40',
  ],
  [
    'a sealed run with loss further up',
    JSON.stringify(sealed(november, 2, 20, { shared: '1' })),
    'key shared: a slot with loss further up is neither clean nor idle: it is told one by one',
  ],
  [
    'an unknown row with loss further up',
    JSON.stringify(unseen(november, 1, { shared: '1' })),
    'key shared: an unknown row carries no numbers',
  ],
  [
    'a suspect sealed run',
    JSON.stringify(sealed(november, 2, 20, { suspect: true })),
    'key suspect: belongs to observed and bridged rows',
  ],
  ['a text of 513 bytes', with_({ port: 'p'.repeat(513) }), 'key port: the text is longer than 512 bytes'],
  ['a line of 65,537 bytes', `${good}${' '.repeat(65_537 - good.length)}`, 'line 2: is longer than 65536 bytes'],
  ['a line without end', '{'.repeat(200_000), 'line 2: is longer than 65536 bytes'],
  [
    '257 drops',
    with_({ drops: Array.from({ length: 257 }, () => ({ cause: 'c', owner: 'tenant', packets: '0' })) }),
    'key drops: has more than 256 members',
  ],
];

describe('a line that does not fit is refused, with its line and key', () => {
  test.each(bad)('%s', (_, line, what) => {
    const text = `${good}\n${line}\n${good}\n`;
    const error = mistakeOf(() => read(text, ['p1'], 1 << 20));
    expect(error.code).toBe('FN_SLOTS_FILE');
    expect(error.message).toContain('slots.ndjson line 2');
    expect(error.message).toContain(what);
    expect(error.context).toMatchObject({ file: 'slots.ndjson', line: 2 });
    expect(error.hint).not.toBe('');
    // However the bytes come in.
    expect(mistakeOf(() => read(text, ['p1'], 7)).message).toBe(error.message);
  });

  test('also where it is of a port that nobody asked for', () => {
    expect(() => read(`${good}\n${with_({ port: 'other', offered: '7' })}\n`)).toThrow('line 2, key offered');
  });
  test('text that is not UTF-8', () => {
    const bytes = new TextEncoder().encode(`${good}\n`);
    bytes[good.indexOf('p1')] = 0xff;
    expect(() => read(bytes)).toThrow('line 1, key port: the text is not JSON in UTF-8');
  });
  test('bytes of any kind are refused in words, never by chance', () => {
    const letters = fc.constantFrom(
      ...'{}[]",:\\u00ffe+-.019 \n\r\t\u0000é',
      '"port"',
      '"drops"',
      'true',
      '"1"',
      '"slot":"2026-11-01T00:00:00Z"',
    );
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 40 }), fc.nat({ max: 60 }), (some, at) => {
        const text = `${good.slice(0, at)}${some.join('')}${good.slice(at)}\n`;
        try {
          read(text, ['p1'], 16);
        } catch (error) {
          expect(error).toBeInstanceOf(FourninesError);
          expect((error as FourninesError).code).toBe('FN_SLOTS_FILE');
        }
      }),
      { numRuns: 300 },
    );
  });
  test('a line that JSON.parse would not read is not read here either, and otherwise says the same', () => {
    const changed = fc.tuple(
      fc.nat({ max: good.length }),
      fc.constantFrom('', ' ', '"', ',', '1', 'x', '\\', '}', '\t', '\0', '\ufeff'),
      fc.nat({ max: 2 }),
    );
    fc.assert(
      fc.property(changed, ([at, put, cut]) => {
        const line = good.slice(0, at) + put + good.slice(at + cut);
        let rows: number;
        try {
          rows = read(line).rows.length;
        } catch {
          return;
        }
        if (rows === 0) return;
        const parsed = JSON.parse(line) as { offered: string };
        expect(read(line).rows.at(0).offered).toBe(BigInt(parsed.offered));
      }),
      { numRuns: 600 },
    );
  });
});

test('instants are read as Date reads them, and what is none is refused', () => {
  const two = fc.integer({ min: 0, max: 62 });
  const parts = fc.tuple(
    fc.integer({ min: 1968, max: 2107 }),
    fc.integer({ min: 0, max: 13 }),
    fc.integer({ min: 0, max: 32 }),
    two,
    two,
    two,
  );
  const rounded = fc.constantFrom('Z', '.0Z', '.000000000Z');
  fc.assert(
    fc.property(parts, rounded, ([year, month, day, hour, minute, second_], end) => {
      const clock = [hour % 25, minute, second_].map((part) => String(part).padStart(2, '0')).join(':');
      const date = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
      const ms = Date.parse(`${date}T${clock}Z`);
      const isOne = !Number.isNaN(ms) && new Date(ms).toISOString() === `${date}T${clock}.000Z`;
      const text = with_({ slot: `${date}T${clock}${end}` });
      if (isOne && ms >= 0 && ms / 1000 < 0xffff_ffff) expect(read(text).rows.at(0).slot).toBe(ms / 1000);
      else expect(() => read(text)).toThrow('no RFC 3339 instant');
    }),
    { numRuns: 500 },
  );
});

describe('rows that contradict each other', () => {
  const lines = [seen(november, 100, 0, { repeat: 10 }), seen(november + 20, 100), seen(november + 9, 100)];
  test('two rows of one host for one slot: both lines are named', () => {
    const error = mistakeOf(() => ask(lines));
    expect(error.message).toBe(
      'slots.ndjson lines 1 and 3, key slot: both tell slot 2026-11-01T00:00:09Z of "p1" toGuest from one host',
    );
    expect(error.code).toBe('FN_SLOTS_FILE');
  });
  test.each([
    ['unknown rows', [unseen(november, 5), unseen(november + 4, 5)], 'lines 1 and 2'],
    ['a gap over a slot', [seen(november + 3, 100), gap(november, 5, 100)], 'lines 1 and 2'],
    ['the same row twice', [seen(november, 100), seen(november, 100)], 'lines 1 and 2'],
    ['outside the window', [seen(november - 999, 100), seen(november - 999, 100)], 'lines 1 and 2'],
    [
      'beside another host',
      [seen(november, 1), seen(november, 2, 0, { host: 'a' }), seen(november, 3)],
      'lines 1 and 3',
    ],
  ])('%s', (_, rows, what) => expect(() => ask(rows)).toThrow(what));
  test('not where host, port or direction differ, or they only touch', () => {
    const rows = [
      seen(november, 100, 0, { repeat: 10 }),
      seen(november + 10, 100),
      seen(november, 100, 0, { host: 'a' }),
      seen(november, 100, 0, { direction: 'fromGuest' }),
      seen(november, 100, 0, { port: 'p2' }),
    ];
    expect(ask(rows).slots.observed).toBe(12);
  });

  test.each([
    [
      'the window’s start',
      [sealed(november - 5, 10, 20)],
      [],
      '2026-10-31T23:59:55Z to 2026-11-01T00:00:05Z cannot be cut at 2026-11-01T00:00:00Z',
    ],
    ['the window’s end', [sealed(november + 2_591_999, 2, 20)], [], 'cannot be cut at 2026-12-01T00:00:00Z'],
    [
      'an exclusion’s start',
      [sealed(november, 100, 20)],
      [excluded(november + 50, november + 200)],
      'cannot be cut at 2026-11-01T00:00:50Z',
    ],
    [
      'an exclusion’s end',
      [sealed(november + 60, 100, 20)],
      [excluded(november + 50, november + 80)],
      'cannot be cut at 2026-11-01T00:01:20Z',
    ],
  ])('a sealed run over %s', (_, rows, exclusions, what) => {
    const error = mistakeOf(() => ask([unseen(november - 100), ...rows], {}, { exclusions }));
    expect(error.message).toContain('slots.ndjson line 2, key slots: the sealed run');
    expect(error.message).toContain(what);
  });
  test('a sealed run that ends where they end is fine', () => {
    const rows = [sealed(november - 5, 5, 20), sealed(november, 50, 20), sealed(november + 50, 150, 20)];
    const exclusions = [excluded(november + 50, november + 120), excluded(november + 100, november + 200)];
    expect(ask(rows, {}, { exclusions }).slots).toMatchObject({ observed: 50, excluded: 150 });
  });
});

describe('files', () => {
  test('a named port without any row is refused, in whatever other rows there are', () => {
    const error = mistakeOf(() => read(textOf([seen(november, 1)]), ['p1', 'p2', 'p3']));
    expect(error.message).toBe('slots.ndjson has no row of port "p2", "p3"');
    expect(() => read('', ['p1'])).toThrow('slots.ndjson has no row of port "p1"');
  });
  test('no line break at the end, carriage returns, empty lines, spaces, bytes one by one', () => {
    const [one, two, three] = [seen(november, 100), seen(november + 1, 100), seen(november + 2, 100)].map((line) =>
      JSON.stringify(line),
    );
    const text = `${one}\r\n\n  \n ${two?.replaceAll(',', ' ,\t').replaceAll(':"', ': "')} \n${three}`;
    for (const bytes of [1, 3, 1000]) expect(read(text, ['p1'], bytes).rows.length).toBe(3);
    const tabbed = JSON.stringify(seen(november, 100, 0, { repeat: 7 })).replace('"repeat":7', '"repeat":\t7\t');
    expect(read(tabbed).rows.at(0).count).toBe(7);
  });
  test('counts up to 2^64 - 1 are exact, and so are sums beyond', () => {
    const most = 2n ** 64n - 1n;
    const rows = [seen(november, most, 9_007_199_254_740_993n, { repeat: 3 })];
    const { high } = ask(rows, { sli: 'packetDelivery' });
    expect(high).toEqual({ total: most * 3n, bad: 27_021_597_764_222_979n });
  });
  test('drops of one row may add up to more than 2^64 where it is suspect', () => {
    const drops = [1, 2].map(() => ({ cause: 'c', owner: 'provider', packets: String(2n ** 64n - 1n) }));
    expect(ask([seen(november, 5, 0, { drops, suspect: true })]).slots.suspect).toBe(1);
  });
  test('texts with escapes and beyond ASCII are the same texts', () => {
    const escaped = JSON.stringify(seen(november, 1, 0, { port: 'ü"1' })).replace('ü', '\\u00fc');
    expect(read(`${escaped}\n${JSON.stringify(seen(november + 1, 1, 0, { port: 'ü"1' }))}`, ['ü"1']).rows.length).toBe(
      2,
    );
  });
  test('20,000 lines in reverse give what they give in order', () => {
    const count = 20_000;
    const lines = Array.from({ length: count }, (_, i) => seen(november + i, 10_000 + (i % 7), i % 1000 === 0 ? 1 : 0));
    const inOrder = ask(lines, { sli: 'packetDelivery' });
    expect(ask([...lines].reverse(), { sli: 'packetDelivery' })).toEqual(inOrder);
    expect(inOrder.high.bad).toBe(20n);
  });
});
