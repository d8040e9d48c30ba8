import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { webhook } from '../../../alerts/channels/webhook/form.ts';
import { newKeyPair, newSecret, parseSigningKey } from '../../../alerts/signature/key.ts';
import { webhooksCommand } from '../../../cli/commands/webhooks.ts';
import { at, contextOf, notificationOf } from '../alerts/telling.ts';

const folder = mkdtempSync(join(tmpdir(), 'fournines-webhooks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

let files = 0;
function file(bytes: string | Uint8Array, name = `file-${++files}`): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const secret = newSecret();
const pair = newKeyPair();
const request = webhook.form(
  notificationOf(),
  contextOf({ attemptAt: at, keys: [parseSigningKey(secret), parseSigningKey(pair.secretKey)] }),
);

function captured(over: Record<string, string | null> = {}, body: Uint8Array = request.body, lineEnd = '\r\n'): Buffer {
  const headers = { host: 'acme.example', ...request.headers, 'content-length': String(body.length), ...over };
  const lines = Object.entries(headers).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return Buffer.concat([Buffer.from(['POST /hook HTTP/1.1', ...lines, '', ''].join(lineEnd)), body]);
}

const keys = file(`# the key of acme\n${secret}\n\n${pair.publicKey}\n`, 'keys');
const whole = file(captured(), 'whole');
const came = ['--at', '2026-11-27T20:14:03Z'];

interface Told {
  readonly code: number;
  readonly out: string;
}

async function verify(...words: string[]): Promise<Told> {
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  process.exitCode = undefined;
  try {
    const command = webhooksCommand();
    for (const each of command.commands) each.exitOverride();
    await command.parseAsync(['verify', ...words], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return { code: Number(process.exitCode ?? 0), out };
}

describe('a genuine one', () => {
  test('is told with the key that fits and its age', async () => {
    const told = await verify(whole, '--key', keys, ...came);
    expect(told.code).toBe(0);
    expect(told.out).toMatch(
      /^webhook msg_2KWPBgLlAfxdpx2AI54pPJ85f4W is genuine: HMAC-SHA256 \(key [0-9a-f]{12}, .*keys line 2\), 0 s old\n$/,
    );
  });

  test.each([
    ['without a request line', (text: Buffer) => text.subarray(text.indexOf('\r\n') + 2)],
    ['with line breaks LF', () => captured({}, request.body, '\n')],
    [
      'with names in capitals',
      (text: Buffer) => Buffer.from(text.toString('latin1').replaceAll(/^webhook-/gm, 'WEBHOOK-'), 'latin1'),
    ],
    ['with a header in UTF-8', () => captured({ 'x-name': 'Zoë 😀' })],
  ])('%s', async (_, change) => {
    expect((await verify(file(change(captured())), '--key', keys, ...came)).code).toBe(0);
  });

  test('by the public key alone, as JSON', async () => {
    const { code, out } = await verify(whole, '--key', file(pair.publicKey, 'public'), '--json', ...came);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      valid: true,
      keyId: parseSigningKey(pair.secretKey).id,
      scheme: 'v1a',
      ageSeconds: 0,
      keyFrom: expect.stringMatching(/public line 1$/),
      id: 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W',
      timestamp: String(at),
      bodyBytes: request.body.length,
    });
  });

  test('of several files of keys says which', async () => {
    const { out } = await verify(whole, '--key', file(newSecret(), 'other'), '--key', file(secret, 'right'), ...came);
    expect(out).toContain('right line 1');
  });

  test('a body with empty lines and any bytes is taken as it is', async () => {
    const body = Buffer.from([13, 10, 13, 10, 0, 255, 10, 10]);
    const { signatureHeaders } = await import('../../../alerts/signature/sign.ts');
    const headers = signatureHeaders('m', at, body, [parseSigningKey(secret)]);
    expect((await verify(file(captured({ ...headers }, body)), '--key', keys, ...came)).code).toBe(0);
  });
});

describe('what is not genuine exits with 1 and says why', () => {
  const flipped = Buffer.from(request.body);
  flipped[20] = (flipped[20] ?? 0) ^ 1;
  const twice = (name: string, value: string): Buffer =>
    Buffer.from(captured().toString('latin1').replace('host: acme.example', `host: x\r\n${name}: ${value}`), 'latin1');

  test.each([
    ['a byte of the body', captured({}, flipped), 'no_match'],
    ['a line break added', captured({}, Buffer.concat([request.body, Buffer.from('\n')])), 'body_changed'],
    [
      'a body that is cut',
      captured({ 'content-length': String(request.body.length) }, request.body.subarray(0, 99)),
      'body_changed',
    ],
    ['another id', captured({ 'webhook-id': 'msg_other' }), 'no_match'],
    ['no id', captured({ 'webhook-id': null }), 'no_id'],
    ['no time', captured({ 'webhook-timestamp': null }), 'no_timestamp'],
    ['another time', captured({ 'webhook-timestamp': String(at + 1) }), 'no_match'],
    ['no signature', captured({ 'webhook-signature': null }), 'no_signature'],
    ['bad base64', captured({ 'webhook-signature': 'v1,!!!!' }), 'bad_signature'],
    ['an id twice', twice('Webhook-Id', 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W'), 'doubled_header'],
    ['a signature twice', twice('webhook-signature', 'v1,AAAA'), 'doubled_header'],
    ['an id that would move a terminal', captured({ 'webhook-id': '\u009b2J' }), 'bad_id'],
    ['no body', captured({}, new Uint8Array()), 'no_match'],
  ])('%s', async (_, bytes, reason) => {
    const path = file(bytes);
    const told = await verify(path, '--key', keys, ...came);
    expect(told.code).toBe(1);
    expect(told.out).toContain(`(${reason})`);
    expect(told.out).toContain('IS REFUSED');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may reach a terminal
    expect(told.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    const json = await verify(path, '--key', keys, '--json', ...came);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ valid: false, reason });
  });

  test('one that is old: its key fits, and the hint says how to check it for its time', async () => {
    const told = await verify(whole, '--key', keys, '--at', '2026-11-27T20:19:04Z');
    expect(told).toMatchObject({ code: 1 });
    expect(told.out).toContain('its signature fits, but it is too old: 301 s, more than the 300 s allowed');
    expect(told.out).toContain('keys line 2');
    expect(told.out).toContain('--at');
    expect((await verify(whole, '--key', keys, '--at', '2026-11-27T20:19:04Z', '--tolerance', '301')).code).toBe(0);
    const early = await verify(whole, '--key', keys, '--at', '2026-11-27T20:09:02Z');
    expect(early.out).toContain('(too_new)');
  });

  test('without --at it is now', async () => {
    expect((await verify(whole, '--key', keys)).code).toBe(1);
  });

  test('the wrong key', async () => {
    expect((await verify(whole, '--key', file(newSecret()), ...came)).out).toContain('(no_match)');
  });
});

describe('bad input exits with 2, and no key is shown', () => {
  const bodyOnly = file(request.body);
  test.each([
    ['no file', [join(folder, 'none'), '--key', keys], 'FN_USAGE', 'none cannot be read (ENOENT)'],
    ['a folder', [folder, '--key', keys], 'FN_USAGE', 'cannot be read (EISDIR)'],
    ['no end', ['/dev/zero', '--key', keys], 'FN_USAGE', '/dev/zero has more than 16777216 bytes'],
    ['no headers', [bodyOnly, '--key', keys], 'FN_USAGE', 'no empty line ends its headers'],
    ['an empty file', [file(''), '--key', keys], 'FN_USAGE', 'no empty line ends its headers'],
    ['headers without end', [file('a: b\r\n'.repeat(50_000)), '--key', keys], 'FN_USAGE', 'within 65536 bytes'],
    ['300 headers', [file(`${'a: b\n'.repeat(300)}\n`), '--key', keys], 'FN_USAGE', 'more than 200'],
    ['a header without a colon', [file('a: b\nnothing\n\nx'), '--key', keys], 'FN_USAGE', '"nothing" is no header'],
    ['a folded header', [file('a: b\n  c\n\nx'), '--key', keys], 'FN_USAGE', 'is no header'],
    ['a NUL in a header', [file('a: b\u0000\n\nx'), '--key', keys], 'FN_USAGE', 'is no header'],
    ['a lone CR in a header', [file('a: b\rc: d\n\nx'), '--key', keys], 'FN_USAGE', 'is no header'],
    ['chunks', [file('transfer-encoding: chunked\n\n1f\r\n{'), '--key', keys], 'FN_USAGE', 'in chunks'],
    ['no key', [whole, '--key', file('# none\n')], 'FN_USAGE', 'has no key'],
    [
      'a bad key',
      [whole, '--key', file(`\nwhsec_c2VjcmV0\n`, 'bad-key')],
      'FN_WEBHOOK_KEY',
      'bad-key line 2: a shared secret has 24 to 64',
    ],
    ['17 keys', [whole, '--key', file(`${secret}\n`.repeat(17))], 'FN_USAGE', '17 keys are more than 16'],
    ['a file of keys without end', [whole, '--key', '/dev/zero'], 'FN_USAGE', 'more than 65536 bytes'],
    ['stdin twice', ['-', '--key', '-'], 'FN_USAGE', 'not both'],
    ['--at now', [whole, '--key', keys, '--at', 'now'], 'FN_USAGE', '--at now is no whole second'],
  ])('%s', async (_, words, code, what) => {
    const refused = verify(...words);
    await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(what) });
    await refused.catch((error) => expect(`${error}${error.hint}`).not.toContain(secret.slice(8)));
  });

  test.each(['-1', '1.5', 'x', ''])('--tolerance %j', async (text) => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    await expect(verify(whole, '--key', keys, '--tolerance', text)).rejects.toMatchObject({ exitCode: 1 });
  });

  test('spaces without end in a header take no time', async () => {
    const began = performance.now();
    const path = file(`a:${' '.repeat(60_000)}\u0001\n\nx`);
    await expect(verify(path, '--key', keys)).rejects.toMatchObject({ code: 'FN_USAGE' });
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

test('as a program: keys from stdin, exit codes, nothing on the command line', () => {
  const run = (input: string | Buffer, ...words: string[]) =>
    spawnSync(process.execPath, ['cli/main.ts', 'webhooks', 'verify', ...words], { input, encoding: 'utf8' });
  expect(run(`${secret}\n`, whole, '--key', '-', ...came)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('stdin line 1'),
    stderr: '',
  });
  expect(run('whsec_AAAA', whole, '--key', '-')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('(FN_WEBHOOK_KEY)'),
  });
});
