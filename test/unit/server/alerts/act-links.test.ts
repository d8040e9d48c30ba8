import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Formed } from '../../../../alerts/channel.ts';
import { channels } from '../../../../alerts/channels/index.ts';
import type { Notification } from '../../../../alerts/notification.ts';
import { ActLinks, type LinkClaim, linkActs } from '../../../../server/alerts/act-links.ts';
import { SealKey } from '../../../../server/alerts/sealed.ts';
import { contextOf, notificationOf } from '../../alerts/telling.ts';

const links = new ActLinks(new SealKey(Buffer.alloc(32, 7)));
const breach = 'ab'.repeat(16);

const claims: fc.Arbitrary<LinkClaim> = fc.record({
  act: fc.constantFrom(...linkActs),
  breach: fc.stringMatching(/^[0-9a-f]{32}$/),
  entry: fc.integer({ min: 1, max: 0xffff_ffff }),
  until: fc.integer({ min: 0, max: 0xffff_ffff }),
  receiver: fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
});

test('a link says what it was made of, and no other text says the same', () => {
  fc.assert(
    fc.property(claims, fc.nat(), fc.integer({ min: 1, max: 63 }), (claim, place, more) => {
      const token = links.token(claim);
      expect(links.read(token)).toEqual(claim);
      const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      const i = place % token.length;
      const other = letters[(letters.indexOf(token[i] ?? '') + more) % 64] ?? '';
      expect(links.read(token.slice(0, i) + other + token.slice(i + 1))).toBeUndefined();
    }),
  );
});

test('a key for one purpose is that of no other purpose, and no sealed text', () => {
  const key = new SealKey(Buffer.alloc(32, 7));
  expect(key.derive('a')).toEqual(key.derive('a'));
  expect(key.derive('a')).not.toEqual(key.derive('b'));
  expect(key.derive('a')).not.toEqual(Buffer.alloc(32, 7));
});

/** Two alerts: one that fires, one that is over. */
function aNotification(): Notification {
  const whole = notificationOf();
  const [first] = whole.alerts;
  if (first === undefined) throw new Error('the sample has no alert');
  const labels = { ...first.labels, breach };
  return {
    ...whole,
    alerts: [
      { ...first, labels, status: 'firing' },
      { ...first, labels, status: 'resolved', endsAt: first.startsAt + 60 },
    ],
  };
}

function bytesOf(formed: Formed): string {
  return formed.kind === 'request' ? Buffer.from(formed.body).toString() : `${formed.text}\n${formed.html}`;
}

test.each(Object.entries(channels))(
  '%s: what fires has two links, the same at each attempt; what is over has none',
  (name, channel) => {
    const at = { ...contextOf(), mail: { from: 'fournines@proof.example', to: ['noc@proof.example'] } };
    const form = (attemptAt: number) => bytesOf(channel.form(links.given(aNotification()), { ...at, attemptAt }));
    const body = form(1_800_000_000);
    const tokens = new Set([...body.matchAll(/\/act\?link=([A-Za-z0-9_-]+)/g)].map(([, token = '']) => token));
    expect([...tokens].map((token) => links.read(token)?.act).sort()).toEqual(['acknowledge', 'silence']);
    for (const token of tokens) {
      const { receiver, at: decided } = aNotification();
      expect(links.read(token)).toMatchObject({ breach, receiver, until: decided + 7 * 86_400 });
    }
    // Alertmanager's API is told anew how long what goes on goes on.
    if (name !== 'alertmanager-api') expect(form(1_800_000_900)).toBe(body);
    expect(bytesOf(channel.form(aNotification(), { ...at, attemptAt: 0 }))).not.toContain('/act?');
  },
);
