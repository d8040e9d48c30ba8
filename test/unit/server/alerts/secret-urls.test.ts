import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { readAlerting } from '../../../../server/alerts/alerting-document.ts';
import { SealKey } from '../../../../server/alerts/sealed.ts';
import { openedUrl, sealedDocument, shownDocument, withoutUrl } from '../../../../server/alerts/secret-urls.ts';

const secret = 'https://hooks.slack.example/services/T0AB12CD3/B0AB12CD3/aBcDeFgHiJkLmNoPqRsTuVwX';
const other = 'https://hooks.slack.example/services/T0AB12CD3/B0AB12CD3/zzzzzzzzzzzzzzzzzzzzzzzz';
const mark = 'sealed:https://hooks.slack.example';
const key = new SealKey(Buffer.alloc(32, 7));
const sealKey = () => key;
const noKey = () => {
  throw new FourninesError('FN_CONFIG', 'no key');
};

function aDocument(url: string): string {
  return `apiVersion: fournines/v1
kind: Alerting
spec:
  receivers:   # who is told
    - name: noc
      channel: webhook
      url: https://noc.example/hook
    - { name: chat, channel: slack, url: ${url}, language: de }   # the room
  routes:
    - { name: all, receivers: [noc, chat] }
`;
}

function problemOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof FourninesError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing is wrong';
}

describe('an address that is a secret', () => {
  test.each(['"', "'", ''])('is sealed, and all but it stays as it was written (quoted by %s)', (quote) => {
    const { document, sealed } = sealedDocument(aDocument(`${quote}${secret}${quote}`), {}, sealKey);
    expect(document).toBe(aDocument(`"${mark}"`));
    expect(JSON.stringify(sealed)).not.toMatch(/aBcDeF|T0AB12CD3/);
    expect(openedUrl('chat', sealed, sealKey)).toBe(secret);
    expect(readAlerting('a', document).receivers).toMatchObject([{ url: 'https://noc.example/hook' }, { url: mark }]);
  });

  test('is kept by its mark, and by itself: the document that is shown, applied again, is the same', () => {
    const first = sealedDocument(aDocument(secret), {}, sealKey);
    for (const again of [first.document, aDocument(secret)])
      expect(sealedDocument(again, first.sealed, sealKey)).toEqual(first);
    const changed = sealedDocument(aDocument(other), first.sealed, sealKey);
    expect(changed.document).toBe(first.document);
    expect(openedUrl('chat', changed.sealed, sealKey)).toBe(other);
  });

  test('of which a mark says nothing is told with line and key', () => {
    const told = /^FN_ALERTING_FILE alerting line 8, key spec\.receivers\[1\]\.url: /;
    const nothing = problemOf(() => sealedDocument(aDocument(`"${mark}"`), {}, sealKey));
    expect(nothing).toMatch(told);
    expect(nothing).toContain('nothing is sealed for chat');
    const { sealed } = sealedDocument(aDocument(secret), {}, sealKey);
    const elsewhere = problemOf(() => sealedDocument(aDocument('"sealed:https://evil.example"'), sealed, sealKey));
    expect(elsewhere).toMatch(told);
    expect(elsewhere).toContain(`must be ${mark}`);
    expect(elsewhere).not.toContain('aBcDeF');
    // What was sealed for one receiver is not another's.
    const row = { chat: key.seal(secret, JSON.stringify(['receiver url', 'noc'])) };
    expect(problemOf(() => sealedDocument(aDocument(`"${mark}"`), row, sealKey))).toMatch(/^FN_SECRET_SEALED/);
  });

  test('may not stand where it would be read: in a comment, or over several lines', () => {
    const told = problemOf(() => sealedDocument(`# was ${secret}\n${aDocument(secret)}`, {}, sealKey));
    expect(told).toMatch(/^FN_ALERTING_FILE alerting line 9, key spec\.receivers\[1\]\.url: stands a second time/);
    expect(told).not.toContain('aBcDeF');
    const block = `apiVersion: fournines/v1\nspec:\n  receivers:\n    - name: chat\n      channel: slack\n      url: >-\n        ${secret}\n`;
    expect(problemOf(() => sealedDocument(block, {}, sealKey))).toMatch(/line 6, .*must stand in one line/);
  });

  test('is one with a query too, of whatever channel, and no other needs a key of secrets', () => {
    const asked = aDocument(secret).replace('noc.example/hook', 'noc.example/hook?token=s3cr3t');
    const { document, sealed } = sealedDocument(asked, {}, sealKey);
    expect(Object.keys(sealed)).toEqual(['noc', 'chat']);
    expect(document).toContain('url: "sealed:https://noc.example"');
    expect(document).not.toContain('s3cr3t');
    const plain = aDocument(secret).replace('slack', 'alertmanager');
    expect(sealedDocument(plain, {}, noKey)).toEqual({ document: plain, sealed: {} });
    expect(problemOf(() => sealedDocument(aDocument(secret), {}, noKey))).toBe('FN_CONFIG no key');
  });

  test('in a document that was kept before there were seals is not shown either', () => {
    expect(shownDocument(aDocument(secret))).toBe(aDocument(`"${mark}"`));
    expect(shownDocument(aDocument(`"${mark}"`))).toBe(aDocument(`"${mark}"`));
  });

  test.each([
    ['whole', `no such hook: ${secret}!`],
    ['its path', '404 /services/T0AB12CD3/B0AB12CD3/aBcDeFgHiJkLmNoPqRsTuVwX'],
    ['one part', 'token aBcDeFgHiJkLmNoPqRsTuVwX is revoked'],
    ['up to where it was cut', 'token aBcDeFgHiJkL'],
    ['with marks of HTML between', '&#x2F;T0AB12CD3&#x2F;aBcDeFgHiJkLmNoPqRsTuVwX'],
  ])('that a receiver repeats in its answer, %s, is not kept', (_what, said) => {
    const kept = withoutUrl(said, secret);
    expect(kept).toContain('(not shown)');
    expect(kept).not.toMatch(/aBcDeF|T0AB12CD3/);
    expect(withoutUrl('no_team', secret)).toBe('no_team');
  });

  test('keeps its query out of what was said, as it is written and as it is meant', () => {
    const asked = 'https://noc.example/hook?token=s3cr3t%2Bs3cr3t';
    expect(withoutUrl('bad token s3cr3t+s3cr3t, s3cr3t%2Bs3cr3t', asked)).toBe('bad token (not shown), (not shown)');
  });
});
