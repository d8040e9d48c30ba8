import { createHmac, createPublicKey, randomBytes, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { newKeyPair, newSecret, parseSigningKey, parseVerifyingKey } from '../../../../alerts/signature/key.ts';
import { signatureHeaders } from '../../../../alerts/signature/sign.ts';
import { type ReceivedWebhook, toleranceSecondsDefault, verifyWebhook } from '../../../../alerts/signature/verify.ts';

const id = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const at = 1_674_087_231;
const body = Buffer.from('{"type":"contact.created","timestamp":"2022-11-03T20:26:10.344522Z","data":{"n":1}}');
const secret = newSecret();
const pair = newKeyPair();
const now = { nowSeconds: at, toleranceSeconds: toleranceSecondsDefault };

function received(headers: ReturnType<typeof signatureHeaders>, bytes: Uint8Array = body): ReceivedWebhook {
  return {
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
    body: bytes,
  };
}

const signing = [parseSigningKey(secret), parseSigningKey(pair.secretKey)];
const signed = received(signatureHeaders(id, at, body, signing));
const hmac = [parseVerifyingKey(secret)];
const digital = [parseVerifyingKey(pair.publicKey)];

describe('the package standardwebhooks agrees', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  const unix = Math.floor(Date.now() / 1000);

  test('it signs as we do, whatever the secret, the id and the body', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 });
    const ids = fc.stringMatching(/^[A-Za-z0-9_-]{1,60}$/);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), ids, text, (raw, name, payload) => {
        const key = `whsec_${Buffer.from(raw).toString('base64')}`;
        const ours = signatureHeaders(name, unix, Buffer.from(payload), [parseSigningKey(key)]);
        expect(ours['webhook-signature']).toBe(new Webhook(key).sign(name, new Date(unix * 1000), payload));
      }),
    );
  });

  test('it accepts what we sign, with the old key and with the new one, and whatever stands beside', () => {
    const old = newSecret();
    const keys = [parseSigningKey(pair.secretKey), parseSigningKey(secret), parseSigningKey(old)];
    const headers = { ...signatureHeaders(id, unix, body, keys) };
    for (const key of [secret, old]) expect(new Webhook(key).verify(body, headers)).toEqual(JSON.parse(String(body)));
    expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow('No matching signature');
  });

  test('we accept what it signs, and refuse it with one bit changed', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (payload, place) => {
        const signature = new Webhook(secret).sign(id, new Date(at * 1000), payload);
        const come = { id, timestamp: String(at), signature, body: Buffer.from(payload) };
        expect(verifyWebhook(come, hmac, now)).toMatchObject({ valid: true, scheme: 'v1', ageSeconds: 0 });
        const changed = Buffer.from(come.body);
        changed[place % changed.length] = (changed[place % changed.length] ?? 0) ^ (1 << (place % 8));
        expect(verifyWebhook({ ...come, body: changed }, hmac, now).valid).toBe(false);
      }),
    );
  });

  test('bytes that are no text are signed as they are', () => {
    fc.assert(
      fc.property(bytes, (payload) => {
        const [signature = ''] = signatureHeaders(id, at, payload, signing)['webhook-signature'].split(' ');
        const expected = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'));
        expect(signature).toBe(`v1,${expected.update(`${id}.${at}.`).update(payload).digest('base64')}`);
      }),
    );
  });
});

test('Ed25519 signs any bytes so that node:crypto, with the key from another form, finds them signed', () => {
  const x = Buffer.from(pair.publicKey.slice('whpk_'.length), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
      const headers = signatureHeaders(id, at, payload, [parseSigningKey(pair.secretKey)]);
      const [version, signature = ''] = headers['webhook-signature'].split(',');
      expect(version).toBe('v1a');
      const content = Buffer.concat([Buffer.from(`${id}.${at}.`), payload]);
      expect(verify(null, content, key, Buffer.from(signature, 'base64'))).toBe(true);
      expect(verifyWebhook(received(headers, payload), digital, now)).toMatchObject({ valid: true, scheme: 'v1a' });
    }),
  );
});

/** The reference implementations of Standard Webhooks share this one: key, id, time, body and signature. */
test('the vector of the reference implementations', () => {
  const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const payload = Buffer.from('{"test": 2432232314}');
  const headers = signatureHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, payload, [parseSigningKey(key)]);
  expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

describe('any byte flipped is refused', () => {
  test.each([
    ['HMAC', hmac],
    ['Ed25519', digital],
  ])('%s: body, id, time and signature', (_, keys) => {
    expect(verifyWebhook(signed, keys, now).valid).toBe(true);
    const flips: ReceivedWebhook[] = [];
    for (let place = 0; place < body.length; place++) {
      const changed = Buffer.from(body);
      changed[place] = (changed[place] ?? 0) ^ (1 << (place % 8));
      flips.push({ ...signed, body: changed });
    }
    flips.push({ ...signed, body: body.subarray(1) }, { ...signed, body: Buffer.concat([body, Buffer.from([0])]) });
    for (let place = 0; place < id.length; place++) {
      flips.push({ ...signed, id: `${id.slice(0, place)}${id[place] === 'x' ? 'y' : 'x'}${id.slice(place + 1)}` });
    }
    flips.push({ ...signed, timestamp: String(at + 1) }, { ...signed, timestamp: `0${at}` });
    const own = signed.signature?.split(' ').find((each) => each.startsWith(`${keys[0]?.scheme},`)) ?? '';
    const raw = Buffer.from(own.slice(own.indexOf(',') + 1), 'base64');
    for (let place = 0; place < raw.length; place++) {
      const changed = Buffer.from(raw);
      changed[place] = (changed[place] ?? 0) ^ 1;
      flips.push({ ...signed, signature: `${keys[0]?.scheme},${changed.toString('base64')}` });
    }
    for (const flip of flips) expect(verifyWebhook(flip, keys, now).valid).toBe(false);
  });

  test('what was signed cannot be cut at another dot', () => {
    const moved = { ...signed, id: `${id}.${at}`, timestamp: '1', body: body.subarray(2) };
    expect(verifyWebhook(moved, hmac, now)).toMatchObject({ valid: false, reason: 'bad_id' });
  });
});

describe('rotation', () => {
  const old = newSecret();
  const oldPair = newKeyPair();
  const keys = [secret, old, pair.secretKey, oldPair.secretKey].map(parseSigningKey);
  const both = received(signatureHeaders(id, at, body, keys));

  test.each([
    ['the new secret', secret],
    ['the old secret', old],
    ['the new public key', pair.publicKey],
    ['the old public key', oldPair.publicKey],
  ])('a receiver with %s alone finds its signature', (_, key) => {
    const own = parseVerifyingKey(key);
    expect(verifyWebhook(both, [own], now)).toMatchObject({ valid: true, keyId: own.id });
  });

  test('a receiver with both is told which one it was', () => {
    const [, oldKey] = keys;
    const single = received(signatureHeaders(id, at, body, oldKey === undefined ? [] : [oldKey]));
    const found = verifyWebhook(single, [secret, old, pair.publicKey].map(parseVerifyingKey), now);
    expect(found).toMatchObject({ valid: true, keyId: oldKey?.id });
  });

  test('versions that nobody knows are passed over', () => {
    const signature = `v2,abc v9,${'x'.repeat(40)} ,, nothing ${both.signature}`;
    expect(verifyWebhook({ ...both, signature }, hmac, now).valid).toBe(true);
  });

  test('a signature does not count under the version of another', () => {
    const signature = (both.signature ?? '').replaceAll('v1,', 'v0,').replaceAll('v1a,', 'v1,');
    expect(verifyWebhook({ ...both, signature }, hmac, now)).toMatchObject({ valid: false });
  });
});

describe('time', () => {
  test.each([
    [300, true],
    [301, false],
    [-300, true],
    [-301, false],
  ])('%i s old: %s', (age, valid) => {
    const verification = verifyWebhook(signed, hmac, { nowSeconds: at + age, toleranceSeconds: 300 });
    expect(verification).toMatchObject({ valid, ageSeconds: age, keyId: hmac[0]?.id });
    if (!verification.valid) expect(verification.reason).toBe(age > 0 ? 'too_old' : 'too_new');
  });
});

describe('each mistake is told', () => {
  const big = Array.from({ length: 17 }, () => 'v1,AAAA').join(' ');
  test.each([
    ['no id', { id: undefined }, 'no_id'],
    ['an empty id', { id: '' }, 'bad_id'],
    ['a dot in the id', { id: 'a.b' }, 'bad_id'],
    ['a space in the id', { id: 'a b' }, 'bad_id'],
    ['an id of 300 characters', { id: 'x'.repeat(300) }, 'bad_id'],
    ['an id that is not ASCII', { id: 'mé' }, 'bad_id'],
    ['no time', { timestamp: undefined }, 'no_timestamp'],
    ['words for a time', { timestamp: 'now' }, 'bad_timestamp'],
    ['half a second', { timestamp: `${at}.5` }, 'bad_timestamp'],
    ['a time in hexadecimal', { timestamp: '0x10' }, 'bad_timestamp'],
    ['digits of another script', { timestamp: '１６７４０８７２３１' }, 'bad_timestamp'],
    ['a time with a line break', { timestamp: `${at}\n` }, 'bad_timestamp'],
    ['a time of 5,000 digits', { timestamp: '9'.repeat(5000) }, 'bad_timestamp'],
    ['no signature', { signature: undefined }, 'no_signature'],
    ['an empty signature', { signature: '' }, 'bad_signature'],
    ['spaces for a signature', { signature: '   ' }, 'bad_signature'],
    ['17 signatures', { signature: big }, 'bad_signature'],
    ['a megabyte of signatures', { signature: 'v1,'.padEnd(1 << 20, 'A') }, 'bad_signature'],
    [
      'a signature without a version',
      { signature: 'K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=' },
      'no_known_version',
    ],
    ['a version of the future', { signature: 'v3,AAAA' }, 'no_known_version'],
    ['no base64', { signature: 'v1,***' }, 'bad_signature'],
    ['a short signature', { signature: 'v1,AAAA' }, 'bad_signature'],
  ])('%s', (_, over, reason) => {
    expect(verifyWebhook({ ...signed, ...over }, hmac, now)).toMatchObject({ valid: false, reason, keyId: null });
  });

  test('the wrong key, the wrong scheme and no key at all', () => {
    expect(verifyWebhook(signed, [parseVerifyingKey(newSecret())], now)).toMatchObject({ reason: 'no_match' });
    expect(verifyWebhook(signed, [], now)).toMatchObject({ reason: 'no_match' });
    const only = received(signatureHeaders(id, at, body, [parseSigningKey(secret)]));
    expect(verifyWebhook(only, digital, now)).toMatchObject({
      reason: 'no_match',
      message: expect.stringContaining('another scheme'),
    });
  });

  test('a public key that is no point of the curve fits nothing', () => {
    const odd = Array.from({ length: 20 }, () => parseVerifyingKey(`whpk_${randomBytes(32).toString('base64')}`));
    for (const key of odd) expect(verifyWebhook(signed, [key], now).valid).toBe(false);
  });

  test.each([
    ['a line break added at the end', (text: string) => `${text}\n`, 'a line break was added'],
    ['CR LF added at the end', (text: string) => `${text}\r\n`, 'a line break was added'],
    ['written again with spaces', (text: string) => JSON.stringify(JSON.parse(text), null, 2), 'written again'],
  ])('a body with %s', (_, change, what) => {
    const verification = verifyWebhook({ ...signed, body: Buffer.from(change(String(body))) }, hmac, now);
    expect(verification).toMatchObject({ reason: 'body_changed', message: expect.stringContaining(what) });
  });

  test.each([
    ['\n', '\r\n', 'LF became CR LF'],
    ['\r\n', '\n', 'CR LF became LF'],
  ])('line breaks within a body (%#)', (sent, came, what) => {
    const original = Buffer.from(`{${sent}"a": 1${sent}}`);
    const headers = received(signatureHeaders(id, at, original, signing));
    const changed = Buffer.from(original.toString().replaceAll(sent, came));
    const verification = verifyWebhook({ ...headers, body: changed }, digital, now);
    expect(verification).toMatchObject({ reason: 'body_changed', message: expect.stringContaining(what) });
  });

  test('whatever comes is answered', () => {
    const text = fc.option(fc.string({ maxLength: 60 }), { nil: undefined });
    const any = fc.record({ id: text, timestamp: text, signature: text, body: fc.uint8Array({ maxLength: 60 }) });
    fc.assert(
      fc.property(any, (come) => {
        expect(verifyWebhook(come, [...hmac, ...digital], now).valid).toBe(false);
      }),
    );
  });
});

describe('mistakes of a sender', () => {
  test.each(['', 'a.b', 'a b', 'ü', 'a\nb', 'x'.repeat(257)])('the id %j is not signed', (bad) => {
    expect(() => signatureHeaders(bad, at, body, signing)).toThrow('the id of a message');
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('the time %d is not signed', (bad) => {
    expect(() => signatureHeaders(id, bad, body, signing)).toThrow('a whole second');
  });
});
