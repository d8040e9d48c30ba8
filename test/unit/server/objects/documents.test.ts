import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { minorDigitsOf } from '../../../../server/objects/currency.ts';
import { readDocuments } from '../../../../server/objects/documents.ts';
import { toldApart } from '../../../../server/objects/mistakes.ts';
import type { ObjectBodies, ObjectiveTerms, Service } from '../../../../server/objects/object.ts';
import { documentText } from '../../../../server/objects/write-documents.ts';
import { readObjective } from '../../../../server/openslo/objective-file.ts';
import { agreement, all, availability, contract, delivery, service, tenant } from './example.ts';

fc.configureGlobal({ numRuns: Number(process.env['FOURNINES_RUNS'] ?? 30) });
const read = (text: string) => readDocuments([{ name: 'a.yaml', text }]);
const only = async (text: string) => {
  const [document] = await read(text);
  if (document === undefined) throw new Error('there is no document');
  return document;
};
async function mistakeOf(text: string): Promise<FourninesError> {
  const outcome = await read(text).catch((error: unknown) => error);
  if (outcome instanceof FourninesError) return outcome;
  throw outcome instanceof Error ? outcome : new Error('nothing was refused');
}

describe('documents', () => {
  test('of every kind are read as they stand', async () => {
    const [, gateway, bought, kept, , promised] = await read(all);
    expect(gateway?.body).toEqual({
      displayName: 'gateway',
      tenant: 'acme',
      ports: [
        { name: 'uplink', placements: [{ host: 'cn1', port: 'vhu1', from: null, to: null }] },
        {
          name: 'backup',
          placements: [
            { host: 'cn1', port: 'vhu2', from: null, to: 1_793_872_800 },
            { host: 'cn2', port: 'vhu7', from: 1_793_872_800, to: null },
          ],
        },
      ],
    });
    expect(bought?.body).toMatchObject({ items: [{ currency: 'USD', monthlyFee: '120000' }] });
    expect(kept?.body).toMatchObject({ service: 'gateway', rolling: '30d', coverageFloor: '0.9995' });
    expect(promised?.body).toMatchObject({ finalAfterDays: 3, credits: { cap: '1.00', minimumPayout: '100' } });
  });

  test('an objective is kept as the text that evaluate reads, whatever is long behind its point', async () => {
    const text = availability.replace('0.9999 }', '0.999900000000000000000000000001 }');
    const { openslo } = (await only(text)).body as ObjectiveTerms;
    expect(openslo).toContain('target: 0.999900000000000000000000000001\n');
    expect(readObjective('kept', openslo)).toEqual(readObjective('written', text));
  });

  test.each([
    ['17:45:00', '15m', '45m'],
    ['00:15:00', '1h', '7h'],
    ['23:30:00', '1440m', '1M'],
  ])(
    'an objective may begin at %s and last %s, rolling %s: runs of seconds end there',
    async (time, length, rolling) => {
      const text = availability.replace('00:00:00', time).replace('1M', length).replace('30d', rolling);
      expect((await only(text)).body).toMatchObject({ rolling });
    },
  );

  test('what only evaluate reads, from lines of single seconds, may begin and end at any second', () => {
    const text = availability.replace('00:00:00', '17:20:31').replace('1M', '7m');
    expect(readObjective('file', text).window).toMatchObject({ start: { time: 62_431 }, duration: { count: 7 } });
  });

  test.each<[string, (text: string) => string]>([
    ['comments and blank lines', (text) => `# ours\n\n${text.replace('spec:', 'spec: # of it\n')}\n`],
    [
      'quotes',
      (text) => text.replace('0.9999 }', '"0.9999" }').replace('"0.10"', '0.10').replace('run: 5', "run: '5'"),
    ],
    ['the order of keys', (text) => text.replace(/^apiVersion.*\n/, '').concat('apiVersion: openslo/v1\n')],
    ['line breaks of Windows', (text) => text.replaceAll('\n', '\r\n')],
    ['three dashes before and dots behind', (text) => `---\n${text}...\n`],
  ])('%s make no other object', async (_, change) => {
    expect(change(availability)).not.toBe(availability);
    expect((await only(change(availability))).sha256).toBe((await only(availability)).sha256);
  });

  test('a line that begins a document is a line in its file', async () => {
    const { message } = await mistakeOf(
      `\n# nothing\n---\n---\n${tenant}--- # next\n${tenant.replace('timeZone', 'zone')}`,
    );
    expect(message).toMatch(/^a\.yaml line 13, key spec\.zone: unknown key/);
  });
});

describe('a mistake is told with its line and key', () => {
  test.each<[string, string, string, string]>([
    [
      'no zone',
      tenant,
      tenant.replace('Ho_Chi_Minh', 'Hanoi'),
      'line 4, key spec.timeZone: there is no zone "Asia/Hanoi"',
    ],
    ['an offset for a zone', tenant, tenant.replace('Asia/Ho_Chi_Minh', '"+07:00"'), 'there is no zone "+07:00"'],
    ['an unknown key', tenant, tenant.replace('spec: {', 'spec: { color: red,'), 'line 4, key spec.color: unknown key'],
    ['a key twice', tenant, `${tenant}kind: Tenant\n`, 'line 5: a key stands twice'],
    ['another kind', tenant, tenant.replace('kind: Tenant', 'kind: Person'), 'line 2, key kind: must be one of Tenant'],
    [
      'another version',
      tenant,
      tenant.replace('fournines/v1', 'fournines/v2'),
      'line 1, key apiVersion: must be one of',
    ],
    ["OpenSLO's own service", service, service.replace('fournines/v1', 'openslo/v1'), 'line 2, key kind: must be SLO'],
    ['a name with a slash', tenant, tenant.replace('name: acme,', 'name: a/b,'), 'key metadata.name: "a/b" is no name'],
    ['a name that is a number', tenant, tenant.replace('name: acme,', 'name: 5,'), 'key metadata.name: must be a text'],
    [
      'a label that is not kept',
      contract,
      contract.replace('gateway-2026', 'g, labels: {}'),
      'key metadata.labels: unknown',
    ],
    [
      'a port twice',
      service,
      service.replace('name: backup', 'name: uplink'),
      'key spec.ports[1].name: "uplink" stands twice',
    ],
    [
      'a port with a slash',
      service,
      service.replace('name: backup', 'name: a/b'),
      'key spec.ports[1].name: must have no /',
    ],
    [
      'a place twice',
      service,
      service.replace('host: cn2, port: vhu7', 'host: cn1, port: vhu1'),
      'cn1/vhu1 is placed twice',
    ],
    [
      'a place that ends first',
      service,
      service.replace(', to:', ', from: 2026-12-01T00:00:00Z, to:'),
      'must lie behind from',
    ],
    [
      'no ports',
      service,
      service.replace(/ports:[\s\S]*/, 'ports: []\n'),
      'key spec.ports: must name at least one port',
    ],
    ['a fee with a point', contract, contract.replace('120000', '1200.00'), '"1200.00" is no whole number below 2^63'],
    ['a fee below nought', contract, contract.replace('120000', '-1'), '"-1" is no whole number below 2^63'],
    ['no currency', contract, contract.replace('USD', 'usd'), 'there is no currency "usd"'],
    ['a direction twice', contract, contract.replace(/rates: \[(.*)\]/, 'rates: [$1, $1]'), 'toGuest stands twice'],
    ['a percent', delivery, delivery.replace('0.99995', '99.995'), '99.995 is a percent: a target is a ratio'],
    [
      'a rolling window alone',
      delivery,
      delivery.replace(/timeWindow.*/, 'timeWindow: [{ duration: 30d, isRolling: true }]'),
      'line 8, key spec.timeWindow[0]: an objective that is kept',
    ],
    [
      'an annotation of ours',
      availability,
      availability.replace('fournines.io/rolling', 'fournines.io/roling'),
      'key metadata.annotations.fournines.io/roling: unknown annotation',
    ],
    [
      'a window that begins within a quarter hour',
      delivery,
      delivery.replace('01 00:00:00', '01 17:20:30'),
      'key spec.timeWindow[0].calendar.startTime: 17:20:30 is not on a quarter hour. Seconds are kept in runs that end at quarter hours: take 17:15:00',
    ],
    [
      'a window that ends within one',
      delivery,
      delivery.replace('duration: 1M', 'duration: 20m'),
      'key spec.timeWindow[0].duration: 20m is no number of whole quarter hours. Seconds are kept in runs that end at quarter hours: take 30m',
    ],
    [
      'a rolling window of a length that runs are not',
      availability,
      availability.replace('rolling: 30d', 'rolling: 1439m'),
      'key metadata.annotations.fournines.io/rolling: 1439m is no number of whole quarter hours',
    ],
    ['no duration', availability, availability.replace('rolling: 30d', 'rolling: month'), '"month" is no duration'],
    ['a floor above 1', availability, availability.replace('"0.9995"', '"99.95"'), 'must be from 0 to 1'],
    [
      'a tier that is out of order',
      agreement,
      agreement.replace('"0.99", share', '"0.9995", share'),
      'tiers[2].from: must be above',
    ],
    ['a tier twice', agreement, agreement.replace('"0.999", share', '"0.99", share'), 'tiers[2].from: must be above'],
    [
      'a first tier that leaves a gap',
      agreement,
      agreement.replace('from: "0",', 'from: "0.5",'),
      'tiers[0].from: must be 0',
    ],
    ['tiers that pay more for more', agreement, agreement.replace('"0.10"', '"0.30"'), 'tiers[2].share: must be below'],
    ['no tiers', agreement, agreement.replace(/tiers:\n( +- .*\n)+/, 'tiers: []\n'), 'must have at least one tier'],
    [
      'a payer that is not promised',
      agreement,
      agreement.replace('objectives: [gateway-availability]', 'objectives: [other]'),
      'line 13, key spec.credits.objectives[0]: "other" is not among',
    ],
    ['an alias', tenant, tenant.replace('acme, displayName: Acme Networks', '&a acme, displayName: *a'), 'an alias'],
    ['a tag', tenant, tenant.replace('name: acme', 'name: !x acme'), 'line 3'],
    ['no text at all', tenant, '# nothing\n---\n', 'there is no document'],
    ['a list', tenant, '- a\n', 'line 1: must have the keys'],
    ['deep nesting', tenant, '['.repeat(10_000), 'line 1'],
  ])('%s', async (_, sound, broken, expected) => {
    expect(broken).not.toBe(sound);
    const { code, message } = await mistakeOf(broken);
    expect(code).toBe('FN_OBJECT_FILE');
    expect(message).toContain(expected);
  });

  test('and all of a window at once', async () => {
    const { message } = await mistakeOf(
      availability.replace('1M', '1m').replace('01 00:00:00', '01 00:00:01').replace('30d', '16m'),
    );
    expect(message.split('\n')).toHaveLength(3);
  });

  test('and all of them at once, each by itself', async () => {
    const broken = all.replace('Minh }', 'Ming }').replace('USD', 'USX').replace('combine: max', 'combine: min');
    const { message, hint } = await mistakeOf(broken);
    expect(message.split('\n')).toHaveLength(3);
    expect(hint).toBe('3 mistakes; nothing was applied.');
  });

  test('an object that stands in two documents, and who may be told how many', async () => {
    const { message } = await mistakeOf([tenant, tenant].join('---\n'));
    expect(message).toContain('a.yaml line 8, key metadata.name: tenant acme stands in two documents');
    const many = Array.from({ length: 150 }, () => 'kind: Tenant\n').join('---\n');
    expect((await mistakeOf(many)).message.split('\n').at(-1)).toBe('and 50 more');
  });

  test('where and what are told apart', async () => {
    const error = await mistakeOf(tenant.replace('Hanoi', '').replace('Ho_Chi_Minh', 'Hanoi'));
    expect(toldApart(error)).toMatchObject({ where: 'request' });
    const [mistake] = (error as unknown as { mistakes: FourninesError[] }).mistakes;
    expect(mistake && toldApart(mistake)).toEqual({
      where: 'a.yaml line 4, key spec.timeZone',
      problem: 'there is no zone "Asia/Hanoi". Use a name of the IANA database, such as Asia/Ho_Chi_Minh.',
    });
  });
});

describe('there is a bound', () => {
  test('on characters, on documents and on one document', async () => {
    expect((await mistakeOf(`# ${'x'.repeat(2_097_152)}`)).message).toContain('characters are more than 2097152');
    expect((await mistakeOf('a: b\n---\n'.repeat(10_000))).message).toBe('10000 documents are more than 5000');
    expect((await mistakeOf(`a: ${'x'.repeat(300_000)}`)).message).toContain('is longer than 262144 characters');
  });

  test('on how long nobody else has a turn', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await read(Array.from({ length: 100 }, (_, i) => delivery.replace('gateway-delivery', `d${i}`)).join('---\n'));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });
});

test('currencies are those of ISO 4217', () => {
  expect(['USD', 'VND', 'JPY', 'KWD', 'EUR', 'XYZ', ''].map(minorDigitsOf)).toEqual([
    2,
    0,
    0,
    3,
    2,
    undefined,
    undefined,
  ]);
});

const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/);
const text = fc
  .oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }),
    fc.constantFrom('yes', '1e3', 'null', '- a', '#', '~', '0x1', ' a ', '---\nb'),
  )
  .filter((value) => value.trim() !== '' && value.isWellFormed());
const instant = fc.option(fc.integer({ min: 1, max: 4_000_000_000 }));
const digits = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }).map(String);
const share = fc
  .integer({ min: 0, max: 10_000 })
  .map((parts) => (parts === 10_000 ? '1' : `0.${String(parts).padStart(4, '0')}`));
const bodies = fc.oneof(
  fc.record({
    kind: fc.constant('tenant' as const),
    body: fc.record({ displayName: text, zone: fc.constantFrom('UTC', 'Asia/Ho_Chi_Minh') }),
  }),
  fc.record({
    kind: fc.constant('service' as const),
    body: fc.record({
      displayName: text,
      tenant: text,
      ports: fc.uniqueArray(
        fc.record({
          name: text.map((value) => value.replaceAll('/', '.')),
          placements: fc.array(fc.record({ host: text, port: text, from: instant, to: fc.constant(null) }), {
            minLength: 1,
            maxLength: 1,
          }),
        }),
        { minLength: 1, maxLength: 3, selector: (port) => port.name },
      ),
    }),
  }),
  fc.record({
    kind: fc.constant('contract' as const),
    body: fc.record({
      service: text,
      rates: fc.uniqueArray(
        fc.record({
          direction: fc.constantFrom('rx' as const, 'toGuest' as const),
          committedPps: digits,
          burstPackets: digits,
        }),
        { selector: (rate) => rate.direction },
      ),
      items: fc.uniqueArray(fc.record({ name: text, currency: fc.constantFrom('VND', 'USD'), monthlyFee: digits }), {
        maxLength: 3,
        selector: (item) => item.name,
      }),
    }),
  }),
  fc.record({
    kind: fc.constant('agreement' as const),
    body: fc.record({
      ...{
        tenant: text,
        service: text,
        objectives: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }),
        coverageFloor: share,
      },
      undetermined: fc.constantFrom('tenant' as const, 'provider' as const, 'open' as const),
      finalAfterDays: fc.integer({ min: 1, max: 366 }),
      exclusions: fc.record({
        noticeHours: fc.integer({ min: 0, max: 8784 }),
        retroactiveDays: fc.integer({ min: 0, max: 366 }),
      }),
      credits: fc.constant(null),
    }),
  }),
);

test('whatever is written as a document reads back as the same object', async () => {
  await fc.assert(
    fc.asyncProperty(name, bodies, async (called, { kind, body }) => {
      const isTwice = kind === 'service' && new Set(placesOf(body as Service)).size < (body as Service).ports.length;
      fc.pre(!isTwice);
      const document = await only(documentText(kind, called, body as ObjectBodies[typeof kind]));
      expect([document.kind, document.name, document.body]).toEqual([kind, called, body]);
    }),
  );
});

function placesOf({ ports }: Service): string[] {
  return ports.flatMap(({ placements }) => placements.map(({ host, port }) => `${host}/${port}`));
}

const annotation = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.oneof(text, fc.boolean(), fc.constant(null), fc.array(text)),
);

test('whatever an objective says beside its verdict goes round, in one form', async () => {
  await fc.assert(
    fc.asyncProperty(annotation, annotation, share, async (labels, annotations, target) => {
      const metadata = `metadata: { name: x, labels: ${JSON.stringify(labels)}, annotations: ${JSON.stringify(annotations)} }`;
      const first = await only(delivery.replace(/metadata: .*/, () => metadata).replace('0.99995', target));
      const again = await only(documentText('objective', 'x', first.body as ObjectiveTerms));
      expect(again).toMatchObject({ kind: 'objective', name: 'x', body: first.body, sha256: first.sha256 });
    }),
  );
});

test('no text makes it throw anything but a mistake of the file', async () => {
  const broken = fc.tuple(
    fc.constantFrom(all, agreement, availability),
    fc.nat(),
    fc.nat(40),
    fc.string({ maxLength: 5 }),
  );
  await fc.assert(
    fc.asyncProperty(broken, async ([sound, at, length, put]) => {
      const i = at % sound.length;
      const outcome = await read(sound.slice(0, i) + put + sound.slice(i + length)).catch((error: unknown) => error);
      if (!Array.isArray(outcome)) expect(outcome).toMatchObject({ code: 'FN_OBJECT_FILE' });
    }),
  );
});
