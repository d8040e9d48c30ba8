import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bundleFiles, bundleTar, exclusionsYaml, gatherEvidence } from '../../../../server/breach/bundle.ts';
import { firstOddByte, looseTar, readTar, writeTar } from '../../../../server/breach/tar.ts';
import { verifyBundle } from '../../../../server/breach/verify-bundle.ts';
import { readExclusions } from '../../../../server/openslo/exclusions-file.ts';
import { excluded, november, objectiveText } from '../slo/asking.ts';
import { aBundle, changeOf, someEvidence } from './a-bundle.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('an archive', () => {
  test('gives back what went in, and is the same bytes each time', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9.-]{0,20}$/);
    const file = fc.record({ name, bytes: fc.uint8Array({ maxLength: 2000 }) });
    fc.assert(
      fc.property(fc.array(file, { minLength: 1, maxLength: 5 }), (files) => {
        const tar = writeTar(files);
        expect(tar.length % 512).toBe(0);
        expect(readTar(tar)?.map((each) => [each.name, [...each.bytes]])).toEqual(
          files.map((each) => [each.name, [...each.bytes]]),
        );
        expect(writeTar(files)).toEqual(tar);
      }),
      { numRuns: 50 },
    );
  });

  test('has the header of POSIX ustar', () => {
    const tar = writeTar([{ name: 'a.txt', bytes: bytes('hello') }]);
    const text = (from: number, to: number) => Buffer.from(tar.subarray(from, to)).toString('latin1');
    expect(text(0, 6)).toBe('a.txt\0');
    expect(text(100, 108)).toBe('0000644\0');
    expect(text(124, 136)).toBe('00000000005\0');
    expect(text(136, 148)).toBe('00000000000\0');
    expect(text(257, 265)).toBe('ustar\u000000');
    // Sum of the header's bytes, its own field as blanks.
    const header = [...tar.subarray(0, 512)].map((byte, i) => (i >= 148 && i < 156 ? 0x20 : byte));
    expect(Number.parseInt(text(148, 154), 8)).toBe(header.reduce((sum, byte) => sum + byte, 0));
    expect(tar.length).toBe(512 + 512 + 1024);
  });

  test('what is none is refused', () => {
    expect(looseTar(bytes('hello'))).toBeUndefined();
    expect(looseTar(new Uint8Array(2048))).toBeUndefined();
    const tar = writeTar([{ name: 'a.txt', bytes: bytes('hello') }]);
    expect(firstOddByte(tar)).toBeUndefined();
    expect(firstOddByte(Buffer.concat([tar, new Uint8Array(1)]))).toBe(tar.length);
    expect(readTar(tar.subarray(0, tar.length - 1))).toBeUndefined();
  });
});

describe('a bundle', () => {
  test('holds: every figure comes out again', async () => {
    const report = verifyBundle(await aBundle());
    expect(report).toMatchObject({ slo: 'acme', entry: 2, state: 'open', verdict: 'breached', findings: [] });
  });

  test('has the verdict that evaluate gives on its files', async () => {
    const { evaluation, lines, files } = await someEvidence();
    expect(files.map(({ name }) => name)).toEqual(Object.values(bundleFiles).slice(0, 4));
    expect(lines).toBe(5);
    // 3,590 are in service, 35 of them may be bad; 5 unknown ones on top are 45.
    expect(evaluation).toMatchObject({
      high: { total: 3590n, bad: 40n },
      low: { total: 3590n, bad: 45n },
      budget: { allowed: 35n },
      verdict: 'breached',
    });
  });

  test('one byte changed anywhere in it is found: content, headers, padding', async () => {
    const tar = await aBundle();
    const place = fc.record({ at: fc.nat(tar.length - 1), mask: fc.integer({ min: 1, max: 255 }) });
    fc.assert(
      fc.property(place, ({ at, mask }) => {
        const changed = tar.slice();
        changed[at] = (changed[at] as number) ^ mask;
        const report = verifyBundle(changed);
        expect(report === undefined || report.findings.length > 0).toBe(true);
      }),
      { numRuns: Number(process.env['FOURNINES_RUNS'] ?? 50) },
    );
  });

  test('bytes behind it, a file taken out, or one put in are found', async () => {
    const tar = await aBundle();
    const files = looseTar(tar) ?? [];
    const found = (changed: Uint8Array) => verifyBundle(changed)?.findings ?? 'no bundle';
    expect(found(Buffer.concat([tar, new Uint8Array(512)]))).toEqual([
      { file: 'the archive', what: `byte ${tar.length} is not as it was written` },
    ]);
    expect(found(writeTar(files.filter(({ name }) => name !== 'exclusions.yaml')))).toContainEqual({
      file: 'exclusions.yaml',
      what: 'is missing',
    });
    expect(found(writeTar([...files, { name: 'more.txt', bytes: bytes('more') }]))).toEqual([
      { file: 'more.txt', what: 'does not belong there' },
    ]);
    expect(found(writeTar(files.slice(0, 4)))).toBe('no bundle');
  });

  test('rows that were made better, with every hash made anew, do not give the figures of the change', async () => {
    const evidence = await someEvidence();
    const { manifest, change } = changeOf(evidence);
    const better = await someEvidence(undefined, [excluded(november + 1000, november + 1010)]);
    const forged = changeOf(better);
    // The old change: its evidence is another.
    expect(verifyBundle(bundleTar(better, forged.manifest, change))?.findings).toContainEqual({
      file: 'manifest.json',
      what: 'does not have the hash that the change names as its evidence',
    });
    // The old verdict beside other rows.
    const mixed = { ...better, files: [...better.files.slice(0, 3), ...evidence.files.slice(3)] };
    const told = verifyBundle(bundleTar(mixed, changeOf(mixed).manifest, changeOf(mixed).change));
    expect(told?.findings).toContainEqual({ file: 'evaluation.json', what: 'high.bad is "40", computed "30"' });
    expect(manifest).not.toBe(forged.manifest);
  });

  test('exclusions go out as evaluate reads them', () => {
    const odd = { ...excluded(november, november + 9), reason: 'a "new"\nline: # 1', category: "it's" };
    const text = exclusionsYaml([odd, excluded(november + 50, november + 60)]);
    expect(readExclusions('exclusions.yaml', text)).toEqual([odd, excluded(november + 50, november + 60)]);
    expect(readExclusions('exclusions.yaml', exclusionsYaml([]))).toEqual([]);
  });

  test('rows beyond what is kept are refused, with the reason', async () => {
    async function* endless() {
      const line = `${JSON.stringify({ port: 'p2', direction: 'rx', slot: '2026-11-01T00:00:00Z', state: 'unknown' })}\n`;
      for (;;) yield line;
    }
    const asked = { openslo: objectiveText(), exclusions: [], at: november + 60, bytesMax: 1000 };
    const told = await gatherEvidence({ ...asked, lines: endless() });
    expect(told).toEqual({ refused: 'its rows are more than 1000 bytes' });
  });
});
