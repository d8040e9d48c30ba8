import { expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import type { Refused } from '../../../../server/ingest/admit.ts';
import { sendLetter } from '../../../../server/ingest/letter-topic.ts';

const letter: Refused = {
  record: { partition: 3, offset: 9n, key: 'cn1', value: Buffer.from('what came'), appendedAtMs: 0 },
  error: new FourninesError('FN_WIRE_DAMAGED', 'damaged'),
};
const never = new AbortController().signal;

test('a letter is told with its bytes; too large with them, without', async () => {
  const sent: unknown[] = [];
  let bytesMax = 1000;
  const append = async (key: string, value: Uint8Array) => {
    if (value.length > bytesMax) throw new FourninesError('FN_BUS_RECORD_TOO_LARGE', 'too large');
    sent.push([key, JSON.parse(Buffer.from(value).toString())]);
    return { partition: 0, offset: 0n };
  };
  await sendLetter({ append }, 'log', letter, never);
  bytesMax = 90;
  await sendLetter({ append }, 'log', letter, never);
  const told = { id: 'log:3:9', key: 'cn1', code: 'FN_WIRE_DAMAGED', reason: 'damaged' };
  expect(sent).toEqual([
    ['log:3:9', { ...told, bytes: Buffer.from('what came').toString('base64') }],
    ['log:3:9', { ...told, bytes: null }],
  ]);
});

test('a topic that does not answer holds nobody up who is told to end', async () => {
  const ending = new AbortController();
  const sending = sendLetter({ append: () => new Promise(() => undefined) }, 'log', letter, ending.signal);
  ending.abort(new Error('ends'));
  await expect(sending).rejects.toThrow();
});
