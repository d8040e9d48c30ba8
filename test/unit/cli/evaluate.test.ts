import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { evaluateCommand } from '../../../cli/commands/evaluate.ts';
import { evaluationText } from '../../../cli/evaluation-text.ts';
import { readSlots } from '../../../cli/read-slots.ts';
import { evaluate } from '../../../server/slo/evaluate.ts';
import { excluded, november, objectiveText, question, seen, textOf, unseen } from '../server/slo/asking.ts';

const folder = mkdtempSync(join(tmpdir(), 'fournines-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const slo = file('slo.yaml', objectiveText());
const rows = Array.from({ length: 500 }, (_, i) => seen(november + i, 1000 + (i % 13), i % 3));
const slots = file('slots.ndjson', textOf(rows));

describe('what cannot be answered is refused before a word is printed', () => {
  const half = gzipSync(textOf(rows));
  test.each([
    ['no file of slots', ['--slots', join(folder, 'none')], 'FN_USAGE', 'none cannot be read (ENOENT)'],
    ['a folder', ['--slots', folder], 'FN_USAGE', 'cannot be read (EISDIR)'],
    ['no objective', ['--slots', slots, '--slo', join(folder, 'none')], 'FN_USAGE', 'none cannot be read (ENOENT)'],
    [
      'an objective of 2 MB',
      ['--slots', slots, '--slo', file('large', ' '.repeat(2_000_000))],
      'FN_USAGE',
      'large has 2000000 bytes',
    ],
    ['--at now', ['--slots', slots, '--at', 'now'], 'FN_USAGE', '--at now is no whole second in UTC'],
    [
      '--at half a second',
      ['--slots', slots, '--at', '2026-11-02T00:00:00.5Z'],
      'FN_USAGE',
      'is no whole second in UTC',
    ],
    ['--at too early', ['--slots', slots, '--at', '2026-10-02T00:00:00Z'], 'FN_USAGE', 'lies before acme begins'],
    [
      'a mistake in exclusions',
      ['--slots', slots, '--exclusions', file('x.yaml', '- category: a')],
      'FN_EXCLUSIONS_FILE',
      'x.yaml line 1, key [0]: from is missing',
    ],
    [
      'gzip that is cut',
      ['--slots', file('cut.gz', half.subarray(0, half.length - 9))],
      'FN_SLOTS_FILE',
      'cut.gz is damaged or cut short',
    ],
    [
      'gzip that is damaged',
      [
        '--slots',
        file(
          'damaged.gz',
          half.map((byte, i) => (i === 300 ? byte ^ 0xff : byte)),
        ),
      ],
      'FN_SLOTS_FILE',
      'damaged.gz',
    ],
    [
      'a mistake within gzip',
      ['--slots', file('bad.gz', gzipSync(`${textOf(rows)}{"port":"p1"}`))],
      'FN_SLOTS_FILE',
      'bad.gz line 501, key direction: is missing',
    ],
    ['an empty file', ['--slots', file('empty', '')], 'FN_SLOTS_FILE', 'empty has no row of port "p1"'],
  ])('%s', async (_, words, code, what) => {
    const command = evaluateCommand().exitOverride();
    const refused = command.parseAsync(['--slo', slo, ...words], { from: 'user' });
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(what) });
  });
});

test('gzip, known by its first bytes whatever the name, is read as the plain file, in several members too', async () => {
  const text = textOf(rows);
  const plain = await readSlots(slots, ['p1']);
  const [a, b] = [text.slice(0, 5000), text.slice(5000)].map((part) => gzipSync(part)) as [Buffer, Buffer];
  const packed = await readSlots(file('slots.txt', Buffer.concat([a, b])), ['p1']);
  expect(packed.lines).toBe(500);
  expect(packed.rows.length).toBe(plain.rows.length);
  for (let i = 0; i < 500; i += 7) expect(packed.rows.at(i)).toEqual(plain.rows.at(i));
});

test('the table has no character that moves a terminal', () => {
  const lines = [seen(november, 1000, 0, { port: 'p\u001b[2J', repeat: 60 })];
  const exclusions = [{ ...excluded(november, november + 1), reason: 'a\nMET' }];
  const asked = question(
    lines,
    { ports: ['p\u001b[2J'], calendar: ['1m', '2026-11-01 00:00:00', 'UTC'] },
    { exclusions },
  );
  const text = evaluationText(asked, evaluate(asked));
  expect(text).toContain('paths: p\\u001b[2J toGuest');
  expect(text).toContain('maintenance, a\\u000aMET (approved');
  expect(text).not.toContain('\u001b');
});

test('the table for people', () => {
  const lines = [
    seen(november, 1000, 0, { repeat: 40 }),
    seen(november + 40, 1000, 1000, { repeat: 6 }),
    unseen(november + 46, 5),
    seen(november + 51, 1000, 0, { repeat: 9 }),
  ];
  const exclusions = [excluded(november + 10, november + 20), excluded(november + 900, november + 901)];
  const asked = question(lines, { calendar: ['1m', '2026-11-01 00:00:00', 'UTC'], target: '0.50' }, { exclusions });
  expect(evaluationText(asked, evaluate(asked))).toBe(
    `acme: MET: even if all that nobody knows was bad
availability of at least 0.50, 2026-11-01T00:00:00Z to 2026-11-01T00:01:00Z (UTC)
paths: p1 toGuest; 4 lines read from slots.ndjson

                                    slots in all  bad
high (unknown not counted against)            50    6
low (unknown counted as bad)                  50   11
budget: 25 allowed, 6 spent, 19 left
high-loss intervals: 0, consecutive: 0

expected slots  observed slots  bridged slots  unknown slots  excluded slots  idle slots  suspect slots
60                          45              0              5              10           0              0
excluded 2026-11-01T00:00:10Z to 2026-11-01T00:00:20Z, 10 slots of the window: maintenance, new firmware (approved by acme)
excluded 2026-11-01T00:15:00Z to 2026-11-01T00:15:01Z, outside the window: maintenance, new firmware (approved by acme)

burn at 2026-11-01T00:01:00Z
    long  short  fires at   state
T0  6/45    0/9     1000x   quiet
T1  6/45   6/25      173x  frozen
T2  6/45   6/45     14.4x  frozen
T3  6/45   6/45        6x  frozen
T4  6/45   6/45        1x  frozen`,
  );
});
