import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FourninesError } from '../../../../core/runtime/error.ts';
import { readAlerting } from '../../../../server/alerts/alerting-document.ts';

const receivers = `
  receivers:
    - { name: noc, channel: webhook, url: "https://noc.example/hook" }
    - { name: acme, tenant: acme, channel: slack, url: "https://10.1.2.3/x", privateRanges: [10.1.0.0/16], zone: Europe/Berlin }`;
const routes = `
  routes:
    - { name: all, receivers: [noc] }`;

function mailOf(parts: string): string {
  return `\n  receivers:\n    - { name: noc, channel: email${parts} }${routes}`;
}

function aDocument(spec = `${receivers}${routes}`): string {
  return `apiVersion: fournines/v1\nkind: Alerting\nspec:${spec}\n`;
}

function problemOf(text: string): string {
  try {
    readAlerting('a.yaml', text);
  } catch (error) {
    if (error instanceof FourninesError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'nothing is wrong';
}

describe('a document of receivers and routes', () => {
  test('of the documentation is read as it says', () => {
    const page = readFileSync(new URL('../../../../docs/alerting.md', import.meta.url), 'utf8');
    const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
    const { receivers: read, config } = readAlerting('docs/alerting.md', text);
    expect(read.map(({ name, tenant, channel, zone }) => [name, tenant, channel, zone])).toEqual([
      ['noc', null, 'webhook', null],
      ['acme-noc', 'acme', 'cloudevents', 'Asia/Ho_Chi_Minh'],
      ['acme-people', 'acme', 'email', null],
    ]);
    expect(config.trees.map(({ tenant, root }) => [tenant, root.name, root.routes.length])).toEqual([
      [null, 'all', 1],
      ['acme', 'acme', 0],
    ]);
    expect(config.inhibitions[0]?.targets).toEqual([{ label: 'alertname', operator: '=~', value: 'Budget.*' }]);
  });

  test.each([
    [
      'a key that nobody knows',
      aDocument().replace('channel: webhook', 'chanel: webhook'),
      /line 5, key spec.receivers\[0\].chanel/,
    ],
    ['a channel that is none', aDocument().replace('webhook', 'pigeon'), /must be one of webhook/],
    ['an address that is none', aDocument().replace('https://noc.example/hook', 'noc'), /must begin with https/],
    ['an address with a password', aDocument().replace('https://noc', 'https://a:b@noc'), /a user, a password/],
    ['mail without addresses', aDocument(mailOf('')), /spec.receivers\[0\]: .*to|to/],
    ['mail to two at once', aDocument(mailOf(', to: ["a@x.example, b@x.example"]')), /to\[0\].*must be a bare address/],
    ['mail to somebody twice', aDocument(mailOf(', to: [a@x.example, a@x.example]')), /names an address twice/],
    ['mail to nobody', aDocument(mailOf(', to: []')), /must have 1 to 50 addresses/],
    ['mail with an address of its own', aDocument(mailOf(', to: [a@x.example], url: "https://x"')), /url.*mail server/],
    ['addresses of what is no mail', aDocument().replace('hook"', 'hook", to: [a@x.example]'), /to.*channel email/],
    ['a range that may never be approved', aDocument().replace('10.1.0.0/16', '169.254.0.0/16'), /privateRanges/],
    ['a zone that is none', aDocument().replace('Europe/Berlin', 'Europe/Nowhere'), /is no time zone/],
    ['a receiver that is not there', aDocument().replace('receivers: [noc]', 'receivers: [nox]'), /nox/],
    [
      'a receiver of another tenant',
      aDocument(`${receivers}\n  routes:\n    - { tenant: other, name: o, receivers: [acme] }`),
      /acme/,
    ],
    [
      'a receiver twice',
      aDocument(`${receivers}\n    - { name: noc, channel: slack, url: "https://b.example" }${routes}`),
      /noc/,
    ],
    [
      'a matcher that is none',
      aDocument(`${receivers}\n  routes:\n    - { name: all, match: [severity] }`),
      /is no matcher/,
    ],
    [
      'a template that names what there is not',
      aDocument().replace('"https://noc.example/hook"', '"https://noc.example/hook", template: { title: "{nothing}" }'),
      /nothing/,
    ],
    ['no routes', aDocument(receivers), /routes is missing/],
    ['no mapping', 'just words', /must have the keys/],
  ])('with %s is refused with where and what', (_what, text, told) => {
    const problem = problemOf(text);
    expect(problem).toMatch(/^FN_ALERTING_FILE a\.yaml/);
    expect(problem).toMatch(told);
  });

  test('reads matchers as Alertmanager writes them', () => {
    const text = aDocument(
      `${receivers}\n  routes:\n    - { name: all, match: ['a=b', 'c!="d e"', 'f=~g.*', 'h!~i'] }`,
    );
    expect(readAlerting('a', text).config.trees[0]?.root.matchers).toEqual([
      { label: 'a', operator: '=', value: 'b' },
      { label: 'c', operator: '!=', value: 'd e' },
      { label: 'f', operator: '=~', value: 'g.*' },
      { label: 'h', operator: '!~', value: 'i' },
    ]);
  });
});
