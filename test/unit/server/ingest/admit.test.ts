import { describe, expect, it } from 'vitest';
import { Admitter } from '../../../../server/ingest/admit.ts';
import { aTickMessage } from '../../../fakes/tick-message.ts';

const slot = 1_700_000_000;
const admit = (contents: Parameters<typeof aTickMessage>[0]) =>
  new Admitter().admit({ partition: 0, offset: 0n, key: 'cn1', value: aTickMessage(contents), appendedAtMs: 0 });

describe('the head of a message', () => {
  it.each([
    ['a number no control store holds', { slot, seq: 2n ** 63n }],
    ['a NUL in the stream', { slot, stream: 'a\0b' }],
    ['a stream of kilobytes', { slot, stream: 's'.repeat(4000) }],
    ['no stream', { slot, stream: '' }],
  ])('with %s is refused, and the ledger never hears of it', (_, contents) => {
    const refused = admit(contents);
    expect(refused).toMatchObject({ error: { code: 'FN_WIRE_HEAD' } });
    expect(refused).not.toHaveProperty('message');
  });

  it('of a collector is taken', () => {
    expect(admit({ slot, seq: 2n ** 63n - 1n })).toMatchObject({ rows: 1 });
  });
});
