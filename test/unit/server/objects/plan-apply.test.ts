import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { type ObjectDocument, readDocuments } from '../../../../server/objects/documents.ts';
import type { ObjectBodies, Version } from '../../../../server/objects/object.ts';
import { type PlannedChange, planApply } from '../../../../server/objects/plan-apply.ts';
import { effectiveInstant, quarterAfter, quarterBefore } from '../../../../server/objects/quarter-hour.ts';
import { type Held, keyOf, type Reference, wrongWith } from '../../../../server/objects/references.ts';
import { isoOf } from '../../../../server/slo/instant.ts';
import { all } from './example.ts';

const quarter = 900;
const noon = 1_794_312_000;

/** All versions there ever were, as the store would hold them after these applies. */
class Kept {
  versions: Version[] = [];

  async apply(documents: readonly ObjectDocument[], nowMs: number, from?: number): Promise<PlannedChange[]> {
    const changes = await planApply({ documents, known: this.versions, from, nowMs });
    for (const change of changes) {
      if (change.change === 'unchanged') continue;
      const { kind, name, body, sha256 } = change.document;
      this.versions = this.versions.map((version) =>
        version.kind === kind && version.name === name && version.to === null
          ? { ...version, to: change.from }
          : version,
      );
      if (body === undefined) continue;
      const { version, from: begin } = change;
      this.versions.push({
        kind,
        name,
        version,
        from: begin,
        to: null,
        body,
        sha256,
        witness: 'w',
        recordedAtMs: nowMs,
      });
    }
    return changes;
  }

  at(second: number): string[] {
    const held = this.versions.filter(({ from, to }) => from <= second && (to === null || to > second));
    return held.map(({ kind, name, version }) => `${keyOf(kind, name)} ${version}`).sort();
  }
}

const documentsOf = (text: string) => readDocuments([{ name: 'a.yaml', text }]);
const tenantOf = (name: string, zone: string) =>
  `apiVersion: fournines/v1\nkind: Tenant\nmetadata: { name: ${name} }\nspec: { timeZone: ${zone} }\n`;
const retirementOf = (name: string) =>
  `apiVersion: fournines/v1\nkind: Retirement\nmetadata: { name: ${name} }\nspec: { kind: Tenant }\n`;

describe('quarter hours', () => {
  test.each([
    [noon * 1000 - 1, noon - quarter, noon],
    [noon * 1000, noon, noon],
    [noon * 1000 + 1, noon, noon + quarter],
  ])('%i ms lie behind %i and before %i', (atMs, before, after) => {
    expect([quarterBefore(atMs), quarterAfter(atMs)]).toEqual([before, after]);
  });

  test.each([
    ['2026-11-10T12:15:00Z', 1_794_312_900],
    ['1970-01-01T00:00:00.000Z', 0],
  ])('%s is one', (text, second) => expect(effectiveInstant(text)).toBe(second));

  test.each([
    ['2026-11-10T12:07:30Z', 'take 2026-11-10T12:00:00Z or 2026-11-10T12:15:00Z'],
    ['2026-11-10T12:15:00.5Z', 'take 2026-11-10T12:15:00Z or 2026-11-10T12:30:00Z'],
    ['2106-02-07T06:28:15Z', 'take 2106-02-07T06:15:00Z or'],
    ['2026-11-10T19:00:00+07:00', 'Write it with a Z'],
    ['yesterday', 'Write it with a Z'],
  ])('%s is none', (text, hint) => {
    expect(() => effectiveInstant(text)).toThrow(FourninesError);
    try {
      effectiveInstant(text);
    } catch (error) {
      expect((error as FourninesError).hint).toContain(hint);
    }
  });
});

describe('a reference holds over all the time of what has it', () => {
  const body: ObjectBodies['tenant'] = { displayName: 'x', zone: 'UTC' };
  const held = (from: number, to: number | null): Held => ({ kind: 'tenant', name: 'x', from, to, body });
  const reference: Reference = { path: [], kind: 'tenant', name: 'x', wrong: () => undefined };
  test.each<[string, [number, number | null][], [number, number | null], number, string | undefined]>([
    ['one that is there', [[0, null]], [900, null], 0, undefined],
    [
      'two that meet',
      [
        [0, 1800],
        [1800, null],
      ],
      [900, null],
      0,
      undefined,
    ],
    ['none', [], [900, null], 0, 'there is no tenant x'],
    ['one that begins later', [[1800, null]], [900, null], 0, `there is no tenant x before ${isoOf(1800)}`],
    ['one that ends sooner', [[0, 1800]], [900, null], 0, `there is no tenant x from ${isoOf(1800)} on`],
    ['one that ends with it', [[0, 1800]], [900, 1800], 0, undefined],
    [
      'a hole',
      [
        [0, 1800],
        [2700, null],
      ],
      [900, null],
      0,
      `there is no tenant x before ${isoOf(2700)}`,
    ],
    [
      'a hole behind its end',
      [
        [0, 1800],
        [2700, null],
      ],
      [900, 1800],
      0,
      undefined,
    ],
    ['a hole in the past', [[1800, null]], [900, null], 1800, undefined],
    [
      'one that never began',
      [
        [0, 900],
        [900, 900],
        [900, null],
      ],
      [0, null],
      0,
      undefined,
    ],
    ['one that is past', [], [0, 900], 900, undefined],
  ])('%s', (_, others, [from, to], since, expected) => {
    const known = others.map(([begin, end]) => held(begin, end));
    expect(wrongWith(reference, { ...held(from, to), kind: 'service' } as Held, known, since)).toBe(expected);
  });
});

describe('the instant of an apply', () => {
  test('is the current quarter hour for what is new, and the next one as soon as something changes', async () => {
    const kept = new Kept();
    const first = await kept.apply(await documentsOf(all), noon * 1000 + 5);
    expect(new Set(first.map(({ from }) => from))).toEqual(new Set([noon]));
    const both = `${all.replace('0.99995', '0.9999')}---\n${tenantOf('next', 'UTC')}`;
    const second = await kept.apply(await documentsOf(both), noon * 1000 + 5);
    expect(second.map(({ change, from }) => [change, from]).slice(-3)).toEqual([
      ['changed', noon + quarter],
      ['unchanged', noon],
      ['created', noon + quarter],
    ]);
  });

  test('may be far in the past for what is new, and is that of all of it', async () => {
    const kept = new Kept();
    await kept.apply(await documentsOf(all), noon * 1000, 0);
    expect(kept.at(0)).toHaveLength(6);
  });
});

const step = fc.record({
  name: fc.constantFrom('a', 'b'),
  what: fc.constantFrom('UTC', 'Asia/Tokyo', 'Europe/Paris', 'retire'),
  afterMs: fc.integer({ min: 0, max: 2_000_000 }),
  from: fc.option(fc.integer({ min: -4, max: 6 }), { nil: undefined }),
});

test('whatever is applied: what held stays as it was, versions never overlap, and the same again changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const kept = new Kept();
      let nowMs = noon * 1000;
      for (const { name, what, afterMs, from } of steps) {
        nowMs += afterMs;
        const documents = await documentsOf(what === 'retire' ? retirementOf(name) : tenantOf(name, what));
        const isNew = !kept.versions.some((version) => version.name === name);
        const asked = from === undefined ? undefined : quarterBefore(nowMs) + from * quarter;
        const past = Array.from({ length: 40 }, (_, i) => Math.ceil(nowMs / 1000) - 1 - i * 450);
        const before = past.map((second) => kept.at(second));
        const refused = await kept.apply(documents, nowMs, asked).then(
          () => false,
          (error: FourninesError) => error.code === 'FN_OBJECT_FILE',
        );
        if (refused || !isNew) expect(past.map((second) => kept.at(second))).toEqual(before);
        if (!refused) expect((await kept.apply(documents, nowMs, undefined))[0]?.change).toBe('unchanged');
        for (const { name: called } of kept.versions) {
          const line = kept.versions.filter((version) => version.name === called);
          expect(line.map(({ version }) => version)).toEqual(line.map((_, i) => i + 1));
          line.slice(1).forEach((version, i) => {
            const end = line[i]?.to ?? null;
            expect(end).not.toBeNull();
            expect(version.from).toBeGreaterThanOrEqual(Number(end));
          });
        }
      }
    }),
    { numRuns: 100 },
  );
});
