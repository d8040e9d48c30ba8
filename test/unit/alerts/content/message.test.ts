import { describe, expect, test } from 'vitest';
import { Address } from '../../../../alerts/content/address.ts';
import { messageOf, messageWithin, previewTemplate } from '../../../../alerts/content/message.ts';
import { newSpeaker } from '../../../../alerts/content/speaker.ts';
import { languages, type Words } from '../../../../alerts/content/words.ts';
import type { Notification } from '../../../../alerts/notification.ts';
import { alertOf, at, contextOf, notificationOf } from '../telling.ts';

test('the built-in message answers what is asked first', () => {
  const { title, text, links, notices } = messageOf(notificationOf(), contextOf());
  expect(title).toBe('Firing (critical): acme-frankfurt loses packets faster than its budget allows');
  expect(text).toBe(`This is new.

Firing (critical): acme-frankfurt loses packets faster than its budget allows
Budget: 99 % is gone: 9,007,199,254,740,000 of 9,007,199,254,740,993 that may be bad; 993 left.
Will be gone: Nov 27, 2026, 21:24:03 GMT+1, if it goes on like this.
Failing: packet-delivery of objective acme-frankfurt, version 3; burn tier T0.
Likely cause: vhost_ring_full at port p1 of cn1 (owner: the provider; 1,234 packets).
Tried so far: moved the queue to core 5, raised the ring to 1024.
Acknowledged by nobody.
Since Nov 27, 2026, 21:12:03 GMT+1.
Page: https://fournines.example/noc/slos/acme-frankfurt?from=1&to=2
Evidence: https://fournines.example/noc/api/v1/breaches/4f1c/changes/2/bundle`);
  expect(links).toEqual([
    { label: 'Page of acme-frankfurt', url: 'https://fournines.example/noc/slos/acme-frankfurt?from=1&to=2' },
    {
      label: 'Evidence of acme-frankfurt',
      url: 'https://fournines.example/noc/api/v1/breaches/4f1c/changes/2/bundle',
    },
  ]);
  expect(notices).toEqual([]);
});

describe('what is not known is said so, and is never zero', () => {
  const unknown = alertOf(
    { status: 'unknown' },
    {
      budget: null,
      exhaustedAt: null,
      tier: null,
      causes: [{ cause: '', owner: '', host: 'cn1', port: '', packets: null }],
      tried: [],
      links: { page: '/', evidence: null },
    },
  );
  const { text, title } = messageOf(notificationOf({ alerts: [unknown] }), contextOf());
  test.each([
    'Whether it goes on cannot be told now.',
    'Budget: unknown; nothing has been judged yet.',
    'Will be gone: nobody can tell; perhaps nothing of it is being spent.',
    'Likely cause: unknown at cn1 (owner: unknown; nobody knows how many packets).',
    'Tried so far: nothing, because repair is not switched on.',
    'Evidence: none yet.',
  ])('%s', (line) => expect(text.split('\n')).toContain(line));
  test('in the title too', () => expect(title).toContain('State unknown'));
  test('there is no digit but those of times, names and the version', () => {
    const rest = text
      .replaceAll(/Nov 27, 2026, \d\d:\d\d:\d\d GMT\+1/g, '')
      .replaceAll('cn1', '')
      .replace('version 3', '');
    expect(rest).not.toMatch(/\d/);
  });
  test('no cause at all', () => {
    const none = messageOf(notificationOf({ alerts: [alertOf({}, { causes: [] })] }), contextOf());
    expect(none.text).toContain('Likely cause: unknown.\n');
  });
});

test('an owner is named, several with the packets of each, and what nobody was given is unknown', () => {
  const none = { provider: '0', tenant: '0', contract: '0', unknown: '0' };
  const line = (owners: Partial<typeof none>) => {
    const cause = { cause: 'c', owner: 'several', host: 'h', port: '', packets: '9', owners: { ...none, ...owners } };
    const { text } = messageOf(notificationOf({ alerts: [alertOf({}, { causes: [cause] })] }), contextOf());
    return /owner: ([^;]*);/.exec(text)?.[1];
  };
  expect(line({ tenant: '9' })).toBe('the tenant');
  expect(line({ unknown: '9' })).toBe('unknown');
  expect(line({ provider: '6', contract: '2', unknown: '1' })).toBe(
    'the provider 6, nobody, by the contract 2, unknown 1',
  );
});

test('links to the port and to whose its losses were stand beside those of the breach', () => {
  const links = { page: '/breaches/1', evidence: null, timeline: '/hosts/a/ports/b?tab=timeline', explain: '/x' };
  const { text } = messageOf(notificationOf({ alerts: [alertOf({}, { links })] }), contextOf());
  expect(text).toContain('What the port did: https://fournines.example/noc/hosts/a/ports/b?tab=timeline\n');
  expect(text).toContain('Whose each lost packet was: https://fournines.example/noc/x\n');
});

describe('the budget', () => {
  const lineOf = (allowed: string, spent: string, remaining: string): string => {
    const alerts = [alertOf({}, { budget: { allowed, spent, remaining } })];
    const lines = messageOf(notificationOf({ alerts }), contextOf()).text.split('\n');
    return lines.filter((line) => line.startsWith('Budget') || line.startsWith('Will be')).join(' | ');
  };
  test.each([
    ['1000', '999', '1', '99 % is gone: 999 of 1,000 that may be bad; 1 left. | Will be gone: Nov 27'],
    ['3', '0', '3', '0 % is gone: 0 of 3 that may be bad; 3 left.'],
    ['3', '3', '0', 'all of it is gone: 3 bad where 3 may be. | Will be gone: it is gone already.'],
    ['3', '7', '-4', '7 bad where 3 may be, 4 too many. | Will be gone: it is gone already.'],
    ['0', '0', '0', 'all of it is gone: 0 bad where 0 may be.'],
    ['0', '2', '-2', '2 bad where 0 may be, 2 too many.'],
    ['x', '1', '1', 'Budget: unknown'],
  ])('%s allowed, %s spent', (allowed, spent, remaining, expected) => {
    expect(lineOf(allowed, spent, remaining)).toContain(expected);
  });
});

describe('a group', () => {
  const alerts = [
    alertOf({ severity: 'warning' }),
    alertOf({ status: 'unknown', severity: 'critical' }),
    alertOf({ status: 'resolved', severity: 'critical', endsAt: at }),
  ];
  test('has the worst of what goes on, and counts what it has', () => {
    const { title, text } = messageOf(notificationOf({ alerts, reason: 'changed', leftOut: 4990 }), contextOf());
    expect(title).toContain('Firing (critical): 4,993 alerts, first acme-frankfurt');
    expect(text).toContain('In this message: firing 1, of unknown state 1, resolved 1.');
    expect(text).toContain('4,990 more alerts are not listed here: https://fournines.example/noc/');
  });
  test('of resolved ones is resolved, with both ends', () => {
    const over = [alertOf({ status: 'resolved', endsAt: at }, { exhaustedAt: null })];
    const { title, text } = messageOf(notificationOf({ alerts: over, reason: 'resolved' }), contextOf());
    expect(title).toMatch(/^Resolved \(critical\): /);
    expect(text).toContain('From Nov 27, 2026, 21:12:03 GMT+1 to Nov 27, 2026, 21:14:03 GMT+1.');
    expect(text).toContain('Will be gone: not in sight, now that this is over.');
  });
  test('of thousands lists twenty and counts the others', () => {
    const many = Array.from({ length: 5000 }, () => alertOf());
    const { text } = messageOf(notificationOf({ alerts: many }), contextOf());
    expect(text.split('Budget: ').length - 1).toBe(20);
    expect(text).toContain('4,980 more alerts are not listed here');
    expect(text).toContain('In this message: firing 5,000,');
  });
  test('lists fewer where there is less room', () => {
    const many = Array.from({ length: 30 }, () => alertOf());
    const message = messageWithin(notificationOf({ alerts: many }), contextOf(), {
      listedMax: 10,
      lengthMax: 3_000,
      lengthOf: (text) => text.length,
    });
    const listed = message.text.split('Budget: ').length - 1;
    expect(listed).toBeGreaterThan(1);
    expect(message.text).toContain(`${30 - listed} more alerts are not listed here`);
    const tiny = messageWithin(notificationOf(), contextOf(), {
      listedMax: 5,
      lengthMax: 50,
      lengthOf: (t) => t.length,
    });
    expect(tiny.text.length).toBeLessThanOrEqual(50);
  });
});

test('a test with an alert is told as a test', () => {
  expect(messageOf(notificationOf({ reason: 'test' }), contextOf()).title).toBe('Test: a message to acme-noc');
});

test('a test message needs no alert', () => {
  const { title, text, links } = messageOf(notificationOf({ alerts: [], reason: 'test' }), contextOf());
  expect(title).toBe('Test: a message to acme-noc');
  expect(text).toContain('Nothing has happened.');
  expect(links).toEqual([{ label: 'Fournines', url: 'https://fournines.example/noc/' }]);
});

describe('templates of a receiver', () => {
  const says = (template: { title?: string; text?: string }, notification: Notification = notificationOf()) =>
    messageOf(notification, contextOf({ template }));

  test('say it in their words', () => {
    const text =
      '{#alerts}{label.service}/{label.nothing}: {spent} of {allowed}{#causes} {cause}@{host}{/causes}{/alerts}';
    const message = says({ title: '[{tenant}] {objective_missing}', text });
    expect(message.text).toContain(
      'frankfurt/unknown: 9,007,199,254,740,000 of 9,007,199,254,740,993 vhost_ring_full@cn1',
    );
  });

  test('that fail fall back, say so, and lose nothing', () => {
    const message = says({ title: '{nothing_such}', text: '{#alerts}{summary' });
    expect(message.title).toContain('Firing (critical)');
    expect(message.text).toContain('Budget: 99 % is gone');
    expect(message.text).toContain(
      'The template of this receiver could not be used (template line 1: there is nothing called {nothing_such}); this is the built-in form.',
    );
    expect(message.notices.map(({ code }) => code)).toEqual(['template', 'template']);
  });

  test('that would give too much fall back', () => {
    const alerts = Array.from({ length: 20 }, () => alertOf());
    const message = says({ text: `{#alerts}${'{summary}'.repeat(200)}{/alerts}` }, notificationOf({ alerts }));
    expect(message.text).toContain('gives more than 32768 characters');
    expect(message.text).toContain('Budget: 99 % is gone');
  });

  test('that give nothing for a title leave the built-in one', () => {
    expect(says({ title: '{?tier_missing}' }).title).toContain('Firing');
    expect(says({ title: '{!tenant}x{/tenant}' }).title).toContain('Firing');
  });

  test('are previewed with their mistakes', () => {
    expect(previewTemplate('{title}', contextOf())).toContain('Firing (critical): a sample');
    expect(previewTemplate('{#alerts}{label.service}{/alerts}', contextOf(), notificationOf())).toBe('frankfurt');
    expect(() => previewTemplate('{nothing_such}', contextOf())).toThrow(
      expect.objectContaining({ code: 'FN_TEMPLATE' }),
    );
  });

  test.each([
    ['a part for what is not known', '{!tenant}{nothing_such}{/tenant}'],
    ['a list that is empty', '{#alerts}{#causes}{nothing_such}{/causes}{/alerts}'],
    ['a name of a cause beside its list', '{#alerts}{#tried}{port}{/tried}{/alerts}'],
  ])('a mistake in %s is found before it is needed', (_, text) => {
    const alerts = [alertOf({}, { causes: [], tried: [] })];
    for (const notification of [notificationOf({ alerts }), notificationOf({ alerts: [] })]) {
      expect(says({ text }, notification).notices).toMatchObject([{ code: 'template' }]);
      expect(() => previewTemplate(text, contextOf(), notification)).toThrow('nothing called');
    }
  });

  test('a title stays one line whatever is in it', () => {
    const alerts = [alertOf({ labels: { host: 'a\r\nBcc: everybody@example' } }, { summary: 'x\r\ny' })];
    expect(says({ title: 'a\n{#alerts}{label.host} {summary}{/alerts}' }, notificationOf({ alerts })).title).toBe(
      'a a Bcc: everybody@example x y',
    );
  });
});

test('another language may order its lines and sentences as it must', () => {
  const english = languages['en'] as Words;
  const sentences = {
    ...english.sentences,
    'alert.head': '{summary} <- {severity}, {status}',
    'builtin.text': '{#alerts}{evidence_line} :: {head}{/alerts}',
  };
  const speaker = newSpeaker('qx', 'UTC', { en: english, qx: { ...english, sentences } });
  const { text, language } = messageOf(notificationOf(), contextOf(), { speaker });
  expect(language).toBe('qx');
  expect(text).toMatch(/^Evidence: https:\S+ :: acme-frankfurt loses .* <- critical, Firing$/);
});

test('an unknown zone is told, and the times are in UTC', () => {
  const { text, notices } = messageOf(notificationOf(), contextOf({ zone: 'Atlantis/Capital' }));
  expect(text).toContain('20:24:03 UTC');
  expect(text).toContain('The time zone Atlantis/Capital is not known here; times are in UTC.');
  expect(notices).toMatchObject([{ code: 'zone' }]);
});

describe('links', () => {
  const address = new Address('https://fournines.example/noc');
  test.each([
    ['/breaches/1', 'https://fournines.example/noc/breaches/1'],
    ['breaches/1?from=1', 'https://fournines.example/noc/breaches/1?from=1'],
    ['//evil.example/x', 'https://fournines.example/noc/evil.example/x'],
    ['/https://evil.example', 'https://fournines.example/noc/https://evil.example'],
    ['/../../etc', 'https://fournines.example/noc/'],
    ['/a b"<c>', 'https://fournines.example/noc/a%20b%22%3Cc%3E'],
    ['/\\evil.example', 'https://fournines.example/noc//evil.example'],
    [`/${'x'.repeat(3000)}`, 'https://fournines.example/noc/'],
  ])('%j stays below our address', (path, url) => expect(address.link(path)).toBe(url));

  test.each(['', 'fournines', 'javascript:alert(1)', 'file:///etc/passwd', 'https://a:b@fournines.example/'])(
    'the address %j is refused, and a password in it not shown',
    (base) => {
      expect(() => new Address(base)).toThrow(
        expect.objectContaining({ code: 'FN_RECEIVER', message: expect.not.stringContaining('a:b') }),
      );
    },
  );
});
