import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { aBundle } from '../unit/server/breach/a-bundle.ts';
import { november, objectiveText, seen, textOf, unseen } from '../unit/server/slo/asking.ts';
import { Spawned } from './spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'fournines-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function evaluate(...words: string[]) {
  const spawned = Spawned.product('evaluate', ...words);
  const code = await spawned.end();
  return { code, out: spawned.stdout, err: spawned.stderr };
}

const hour = objectiveText({ calendar: ['1h', '2026-11-01 00:00:00', 'UTC'], target: '0.99' });
const slo = file('slo.yaml', hour);
const good = textOf([seen(november, 1000, 0, { repeat: 3600 })]);
// 37 slots of outage of 36 allowed.
const lost = textOf([seen(november, 1000, 1000, { repeat: 37 }), seen(november + 37, 1000, 0, { repeat: 3563 })]);
const hole = textOf([seen(november, 1000, 0, { repeat: 3000 }), unseen(november + 3000, 600)]);

test('each verdict has its exit code, and --json its stable bytes; gzip is unpacked', async () => {
  const [met, breached, undetermined] = await Promise.all([
    evaluate('--slo', slo, '--slots', file('good.ndjson', good), '--json', '--at', '2026-11-01T01:00:00Z'),
    evaluate('--slo', slo, '--slots', file('lost.ndjson', gzipSync(lost))),
    evaluate('--slo', slo, '--slots', file('hole.ndjson', hole), '--json'),
  ]);
  const quiet = (tier: string, long: number, short: number, threshold: string, state: string) =>
    `{"tier":"${tier}","long":{"bad":"0","total":"${long}"},"short":{"bad":"0","total":"${short}"},"threshold":"${threshold}","state":"${state}"}`;
  expect(met).toEqual({
    code: 0,
    err: '',
    out:
      '{"slo":"acme","window":{"from":"2026-11-01T00:00:00Z","to":"2026-11-01T01:00:00Z","zone":"UTC"},' +
      '"slots":{"expected":3600,"observed":3600,"bridged":0,"unknown":0,"excluded":0,"idle":0,"suspect":0},' +
      '"high":{"total":"3600","bad":"0"},"low":{"total":"3600","bad":"0"},"hli":"0","chli":"0",' +
      '"budget":{"allowed":"36","spent":"0","remaining":"36"},"verdict":"met",' +
      `"burn":[${quiet('T0', 60, 10, '1000', 'quiet')},${quiet('T1', 300, 30, '173', 'quiet')},` +
      `${quiet('T2', 3600, 300, '14.4', 'quiet')},${quiet('T3', 3600, 1800, '6', 'frozen')},` +
      `${quiet('T4', 3600, 3600, '1', 'frozen')}]}\n`,
  });
  expect([breached.code, breached.err]).toEqual([1, '']);
  expect(breached.out).toContain('acme: BREACHED');
  expect(breached.out).toContain('budget: 36 allowed, 37 spent, -1 left');
  // Nothing but text, where no terminal reads it.
  expect(breached.out).not.toContain('\u001b');
  expect(undetermined.code).toBe(1);
  expect(JSON.parse(undetermined.out)).toMatchObject({ verdict: 'undetermined', low: { bad: '600' } });
});

test('after a mistake there is no verdict, and the exit code is 2', async () => {
  const slots = file('slots.ndjson', good);
  const percent = file('percent.yaml', hour.replace('0.99', '99.99'));
  const told = await Promise.all([
    evaluate('--slo', slo, '--slots', file('bad.ndjson', `${good}{"port":"p1"}\n`)),
    evaluate('--slo', percent, '--slots', slots),
    evaluate('--slo', slo),
  ]);
  expect(told.map(({ code, out }) => [code, out])).toEqual(told.map(() => [2, '']));
  expect(told[0]?.err).toContain('bad.ndjson line 2, key direction: is missing');
  expect(told[0]?.err).toContain('(FN_SLOTS_FILE)');
  expect(told[1]?.err).toContain(
    '99.99 is a percent: a target is a ratio from 0 to 1\n  If 99.99 % is meant, write 0.9999.',
  );
  expect(told[2]?.err).toContain("required option '--slots <file>' not specified");
});

test('verify tells a bundle that holds from one that does not, and from what is none', async () => {
  const tar = await aBundle();
  const changed = tar.slice();
  const at = Buffer.from(tar).indexOf('"bad":"40"') + '"bad":"'.length;
  changed[at] = '3'.charCodeAt(0);
  const verify = async (...words: string[]) => {
    const spawned = Spawned.product('verify', ...words);
    return { code: await spawned.end(), out: spawned.stdout, err: spawned.stderr };
  };
  const whole = file('whole.tar', tar);
  const [holds, packed, broken, none] = await Promise.all([
    verify(whole),
    verify('--json', file('whole.tar.gz', gzipSync(tar))),
    verify(whole, file('changed.tar', changed)),
    verify(file('none.tar', 'hello')),
  ]);
  expect([holds.code, holds.err]).toEqual([0, '']);
  expect(holds.out).toContain('whole.tar: holds: acme, breach bbbb');
  expect(JSON.parse(packed.out)).toMatchObject({ bundles: [{ holds: true, verdict: 'breached', findings: [] }] });
  expect(broken.code).toBe(1);
  expect(broken.out).toContain('changed.tar: DOES NOT HOLD');
  expect(broken.out).toContain('evaluation.json: high.bad is "30", computed "40"');
  expect([none.code, none.out]).toEqual([2, '']);
  expect(none.err).toContain('is not a bundle of a breach');
});

test('other programs read a bundle, too', async () => {
  const place = mkdtempSync(join(folder, 'untar-'));
  const tar = file('for-tar.tar', await aBundle());
  const run = (command: string, ...words: string[]) => spawnSync(command, words, { cwd: place, encoding: 'utf8' });
  expect(run('tar', '--extract', '--file', tar)).toMatchObject({ status: 0, stderr: '' });
  expect(run('sha256sum', '--check', 'change.sha256')).toMatchObject({ status: 0, stdout: 'change.json: OK\n' });
  const at = '2026-11-01T01:00:00Z';
  const again = await evaluate(
    ...['--slo', join(place, 'objective.yaml'), '--slots', join(place, 'slots.ndjson')],
    ...['--exclusions', join(place, 'exclusions.yaml'), '--at', at, '--json'],
  );
  expect(again.out).toBe(readFileSync(join(place, 'evaluation.json'), 'utf8'));
});
