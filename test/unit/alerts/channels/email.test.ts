import { describe, expect, test } from 'vitest';
import { email } from '../../../../alerts/channels/email/form.ts';
import { alertOf, contextOf, notificationOf } from '../telling.ts';

const from = 'fournines@noc.example';

test('a text and an HTML part say the same', () => {
  const mail = email.form(notificationOf(), contextOf());
  expect(mail).toMatchObject({
    from,
    to: ['on-call@acme.example'],
    subject: 'Firing (critical): acme-frankfurt loses packets faster than its budget allows',
    messageId: '<msg_2KWPBgLlAfxdpx2AI54pPJ85f4W@noc.example>',
    headers: { 'auto-submitted': 'auto-generated', 'x-auto-response-suppress': 'All', 'content-language': 'en' },
  });
  expect(mail.text).toContain('Budget: 99 % is gone');
  expect(mail.text.trimEnd().split('\n').at(-1)).toBe(
    'Message msg_2KWPBgLlAfxdpx2AI54pPJ85f4W, number 7 of this group to acme-noc.',
  );
  const words = mail.html
    .replaceAll(/<title>.*<\/title>/g, '')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&amp;', '&');
  for (const line of mail.text.split('\n').filter((each) => each !== '-- ')) expect(words).toContain(line);
  expect(mail.html).toContain('<html lang="en">');
  expect(mail.html).toContain(
    '<a href="https://fournines.example/noc/slos/acme-frankfurt?from=1&amp;to=2">https://fournines.example/noc/slos/acme-frankfurt?from=1&amp;to=2</a>',
  );
});

test('nothing is said by colour', () => {
  expect(email.form(notificationOf(), contextOf()).html).not.toMatch(/color|background|<font|<img|<script/i);
});

test('mails of a group to a receiver are one thread, others are not', () => {
  const references = (over: Parameters<typeof notificationOf>[0]) =>
    email.form(notificationOf(over), contextOf()).headers['references'];
  expect(references({ id: 'b', reason: 'resolved' })).toBe(references({ id: 'a' }));
  expect(references({ receiver: 'other' })).not.toBe(references({}));
  expect(references({ group: { key: 'other', labels: {} } })).not.toBe(references({}));
});

describe('no value begins a header, a receiver or an element', () => {
  test('in what is told', () => {
    const evil = 'x\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script> https://evil.example/" onclick="x';
    const alerts = [
      alertOf({}, { summary: evil, tried: [evil], objective: { name: evil, version: 1, indicator: evil } }),
    ];
    const mail = email.form(
      notificationOf({ alerts, id: 'a<b>@c', receiver: evil, group: { key: evil, labels: {} } }),
      contextOf({ language: 'en"><script>' }),
    );
    for (const line of [mail.subject, mail.messageId, ...Object.values(mail.headers)])
      expect(line).not.toMatch(/[\r\n]/);
    expect(mail.messageId).toBe('<a_b__c@noc.example>');
    expect(mail.text).not.toMatch(/^Bcc:/m);
    expect(mail.html).not.toMatch(/<script|href="https:\/\/evil/);
    expect(mail.html).toContain('&lt;script&gt;');
    expect(mail.html.match(/onclick="/)).toBeNull();
  });

  test.each([
    ['a second header', 'a@b.example\r\nBcc: c@d.example'],
    ['a line break', 'a@b.example\n'],
    ['two receivers', 'a@b.example,c@d.example'],
    ['a name', 'A <a@b.example>'],
    ['a comment', 'a@b.example (x)'],
    ['a space', 'a @b.example'],
    ['no @', 'a'],
    ['two @', 'a@b@c.example'],
    ['nothing', ''],
    ['a NUL', 'a\u0000@b.example'],
    ['a quoted part', '"a b"@c.example'],
    ['a domain that ends with a dash', 'a@b-'],
    ['300 characters', `a@${'b'.repeat(300)}`],
    ['a domain with a percent sign', 'a@b%c.example'],
  ])('an address with %s is refused', (_, address) => {
    const refusal = expect.objectContaining({ code: 'FN_RECEIVER' });
    expect(() => email.form(notificationOf(), contextOf({ mail: { from, to: [address] } }))).toThrow(refusal);
    expect(() => email.form(notificationOf(), contextOf({ mail: { from: address, to: [from] } }))).toThrow(refusal);
  });

  test('none and too many receivers', () => {
    const { mail: _, ...without } = contextOf();
    for (const context of [
      without,
      contextOf({ mail: { from, to: [] } }),
      contextOf({ mail: { from, to: Array(51).fill(from) } }),
    ]) {
      expect(() => email.form(notificationOf(), context)).toThrow(expect.objectContaining({ code: 'FN_RECEIVER' }));
    }
  });
});

test('a template fills both parts, and one that fails says so in both', () => {
  const mail = email.form(
    notificationOf(),
    contextOf({ template: { title: '{status} & more', text: '{#alerts}<b>{summary}</b>{/alerts}' } }),
  );
  expect(mail.subject).toBe('Firing & more');
  expect(mail.text).toContain('<b>acme-frankfurt loses');
  expect(mail.html).toContain('&lt;b&gt;acme-frankfurt loses');
  const failing = email.form(notificationOf(), contextOf({ template: { text: '{x' } }));
  for (const part of [failing.text, failing.html]) expect(part).toContain('could not be used');
  expect(failing.notices).toMatchObject([{ code: 'template' }]);
});
