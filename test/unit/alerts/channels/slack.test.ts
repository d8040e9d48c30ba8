import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slack } from '../../../../alerts/channels/slack/form.ts';
import type { Notification } from '../../../../alerts/notification.ts';
import { alertOf, contextOf, notificationOf, textOf } from '../telling.ts';

interface Body {
  readonly text: string;
  readonly mrkdwn: boolean;
  readonly blocks: readonly {
    readonly type: string;
    readonly text: {
      readonly type: string;
      readonly text: string;
      readonly verbatim?: boolean;
      readonly emoji?: boolean;
    };
  }[];
}

const formed = (over: Partial<Notification> = {}, context = contextOf()): Body =>
  JSON.parse(textOf(slack.form(notificationOf(over), context).body));

test('a header, the answers, and links', () => {
  const { text, mrkdwn, blocks } = formed();
  expect(mrkdwn).toBe(false);
  expect(blocks.map(({ type }) => type)).toEqual(['header', 'section', 'section']);
  expect(blocks[0]?.text).toEqual({
    type: 'plain_text',
    text: 'Firing (critical): acme-frankfurt loses packets faster than its budget allows',
    emoji: false,
  });
  expect(blocks[1]?.text.text).toContain('Budget: 99 % is gone: 9,007,199,254,740,000 of 9,007,199,254,740,993');
  expect(blocks[2]?.text).toEqual({
    type: 'mrkdwn',
    verbatim: true,
    text:
      '<https://fournines.example/noc/slos/acme-frankfurt?from=1&amp;to=2|Page of acme-frankfurt>\n' +
      '<https://fournines.example/noc/api/v1/breaches/4f1c/changes/2/bundle|Evidence of acme-frankfurt>',
  });
  // Whoever knows no blocks reads the whole message in the text.
  expect(text).toContain('Likely cause: vhost_ring_full at port p1 of cn1');
});

test('values are text: nobody is rung, nothing is linked or formatted', () => {
  const summary = 'a & b <!channel> <https://evil.example|click> @here *x*';
  const objective = { name: 'x|y>z <@U1>', version: 1, indicator: 'i' };
  const { text, blocks } = formed({ alerts: [alertOf({}, { summary, objective })] });
  expect(blocks[0]?.text.text).toContain('a &amp; b &lt;!channel&gt; &lt;https://evil.example|click&gt; @here *x*');
  for (const block of blocks.slice(0, -1)) expect(block.text.type).toBe('plain_text');
  for (const { text: own } of blocks.slice(0, -1)) expect(own.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
  expect(blocks.at(-1)?.text.text.split('\n')[0]).toMatch(/^<https:[^<>|]+\|Page of x\|y&gt;z &lt;@U1&gt;>$/);
  expect(text).not.toMatch(/[<>]|@\w/);
});

describe('limits', () => {
  function check({ text, blocks }: Body): void {
    expect(text.length).toBeLessThanOrEqual(4_000);
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const { type, text: own } of blocks) {
      expect(own.text.length).toBeGreaterThan(0);
      expect(own.text.length).toBeLessThanOrEqual(type === 'header' ? 150 : 3_000);
    }
    expect(blocks.reduce((sum, { text: own }) => sum + own.text.length, 0)).toBeLessThanOrEqual(13_000);
  }

  test('of 5,000 alerts five are told, the others counted', () => {
    const body = formed({ alerts: Array.from({ length: 5_000 }, () => alertOf()) });
    check(body);
    const text = body.blocks.map((block) => block.text.text).join('\n');
    expect(text.split('Budget: ').length - 1).toBe(5);
    expect(text).toContain('4,995 more alerts are not listed here');
  });

  test('values of any length', () => {
    const huge = '<&>"\n'.repeat(50_000);
    const causes = Array.from({ length: 9 }, () => ({
      cause: huge,
      owner: huge,
      host: huge,
      port: huge,
      packets: huge,
    }));
    const alert = alertOf(
      {},
      { summary: huge, causes, tried: [huge, huge, huge], links: { page: `/${huge}`, evidence: huge } },
    );
    check(formed({ alerts: Array.from({ length: 9 }, () => alert), receiver: huge, tenant: huge }));
  });

  test('templates of any kind', () => {
    const context = contextOf({ template: { title: '{{', text: `${'&'.repeat(4_000)}\n`.repeat(2) } });
    check(formed({}, context));
    check(formed({}, contextOf({ template: { text: '' } })));
  });

  test('any text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    fc.assert(
      fc.property(text, text, (summary, tried) =>
        check(formed({ alerts: [alertOf({}, { summary, tried: [tried] })] })),
      ),
      { numRuns: 50 },
    );
  });
});
