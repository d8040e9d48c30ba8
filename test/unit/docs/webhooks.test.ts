import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { cloudevents } from '../../../alerts/channels/cloudevents/form.ts';
import { webhook } from '../../../alerts/channels/webhook/form.ts';
import { previewTemplate } from '../../../alerts/content/message.ts';
import { parseSigningKey } from '../../../alerts/signature/key.ts';
import { contextOf, notificationOf, secretText, textOf } from '../alerts/telling.ts';

const text = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8');

function fenced(language: string): string {
  const [, found] = text.split(`\`\`\`${language}\n`);
  const [code] = found?.split('\n```') ?? [];
  if (code === undefined) throw new Error(`docs/webhooks.md has no ${language}`);
  return code;
}

test('the check that is printed accepts what we send, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fournines-webhooks-doc-'));
  try {
    const file = join(folder, 'check.mjs');
    writeFileSync(file, stripTypeScriptTypes(fenced('ts')));
    const { isGenuine } = await import(pathToFileURL(file).href);
    const now = Math.floor(Date.now() / 1000);
    const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const keys = [other, secretText].map(parseSigningKey);
    for (const channel of [webhook, cloudevents]) {
      const { headers, body } = channel.form(notificationOf(), contextOf({ attemptAt: now, keys }));
      const bytes = Buffer.from(body);
      expect(isGenuine(secretText, headers, bytes)).toBe(true);
      expect(isGenuine(other, headers, bytes)).toBe(true);
      expect(isGenuine(`whsec_${Buffer.alloc(32, 8).toString('base64')}`, headers, bytes)).toBe(false);
      expect(isGenuine(secretText, headers, bytes.subarray(1))).toBe(false);
      expect(isGenuine(secretText, { ...headers, 'webhook-id': 'a.b' }, bytes)).toBe(false);
      expect(isGenuine(secretText, { ...headers, 'webhook-timestamp': String(now - 301) }, bytes)).toBe(false);
      expect(isGenuine(secretText, {}, bytes)).toBe(false);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

/** Every key with the kind of its value, deep. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shape(each)]));
}

test('the body that is printed has the keys of one that is sent, in their order', () => {
  const { body } = webhook.form(notificationOf(), contextOf());
  expect(JSON.stringify(shape(JSON.parse(fenced('json'))))).toBe(JSON.stringify(shape(JSON.parse(textOf(body)))));
});

test('every name that is listed can be used, and the template that is printed fits', () => {
  const [, listed = ''] = /Of the notification:([\s\S]*?)```text/.exec(text) ?? [];
  const [ofAll = '', ofEach = '', ofCauses = '', ofTried = ''] = listed.split(
    /Of each alert|Of each cause|of what was tried/,
  );
  const named = (part: string) =>
    [...part.matchAll(/`([a-z_.]+|label\.NAME)`/g)].map(
      ([, name]) => `{${name === 'label.NAME' ? 'label.tenant' : name}}`,
    );
  const template = [
    ...named(ofAll),
    '{#alerts}',
    ...named(ofEach),
    '{#causes}',
    ...named(ofCauses),
    '{/causes}{#tried}',
    ...named(ofTried),
    '{/tried}{/alerts}',
  ].join(' ');
  expect(named(ofAll).length + named(ofEach).length + named(ofCauses).length + named(ofTried).length).toBe(
    16 + 43 + 5 + 1,
  );
  expect(() => previewTemplate(template, contextOf())).not.toThrow();
  expect(previewTemplate(fenced('text'), contextOf(), notificationOf())).toContain(
    'Firing: acme-frankfurt of frankfurt: 9,007',
  );
});
