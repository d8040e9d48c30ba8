import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SealKey } from '../../../../server/alerts/sealed.ts';

const folder = mkdtempSync(join(tmpdir(), 'fn-sealed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const aKey = (byte: number) => new SealKey(Buffer.alloc(32, byte));

describe('sealed secrets', () => {
  test('open with their key and for what they are about, and never twice look the same', () => {
    const [one, two] = [aKey(1).seal('whsec_secret', 'noc'), aKey(1).seal('whsec_secret', 'noc')];
    expect(one).not.toBe(two);
    expect(Buffer.from(one, 'base64').toString('latin1')).not.toContain('secret');
    expect([aKey(1).open(one, 'noc'), aKey(1).open(two, 'noc')]).toEqual(['whsec_secret', 'whsec_secret']);
  });

  test.each([
    ['another key', () => aKey(2).open(aKey(1).seal('s', 'noc'), 'noc')],
    ['another row', () => aKey(1).open(aKey(1).seal('s', 'noc'), 'other')],
    ['nothing', () => aKey(1).open('', 'noc')],
  ])('do not open with %s', (_what, open) => {
    expect(open).toThrow(expect.objectContaining({ code: 'FN_SECRET_SEALED' }));
  });

  test('do not open after any byte was changed', () => {
    const sealed = Buffer.from(aKey(1).seal('whsec_secret', 'noc'), 'base64');
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => aKey(1).open(changed.toString('base64'), 'noc'), `byte ${i}`).toThrow();
    }
  });

  test('have a key that is made once, for its owner alone', () => {
    const path = join(folder, 'secrets.key');
    const sealed = SealKey.fromFile(path, { isMade: true }).seal('s', 'noc');
    const text = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(SealKey.fromFile(path, { isMade: true }).open(sealed, 'noc')).toBe('s');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('say what is wrong with the file of their key', () => {
    const path = join(folder, 'short.key');
    writeFileSync(path, 'abc\n');
    for (const wrong of [path, join(folder, 'none.key')]) {
      const read = () => SealKey.fromFile(wrong, { isMade: false });
      expect(read).toThrow(expect.objectContaining({ code: 'FN_CONFIG' }));
    }
  });
});
