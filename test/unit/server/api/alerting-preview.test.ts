import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../../../core/runtime/logger.ts';
import { alertingPreviewRoute } from '../../../../server/api/routes/alerting-preview.ts';
import type { TemplatePreview } from '../../../../server/api/schema/alerting.ts';
import type { Problem } from '../../../../server/api/schema/common.ts';
import { bareApi } from '../../../../server/api/server.ts';

async function preview<T = TemplatePreview>(body: object, headers = {}) {
  const api = bareApi(silentLogger);
  alertingPreviewRoute(api, { baseUrl: () => 'https://fournines.example' });
  const answer = await api.inject({ method: 'POST', url: '/alerting/preview', payload: body, headers });
  return { status: answer.statusCode, body: answer.json() as T };
}

describe('a preview of a template', () => {
  test('is what a receiver would read of a sample, with links below the product', async () => {
    const { status, body } = await preview({
      template: { title: '[{tenant}] {title}', text: '{#alerts}{page_url}{/alerts}' },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ text: 'https://fournines.example/', language: 'en', notices: [] });
    expect(body.title).toMatch(/^\[sample\] Firing \(critical\): a sample/);
  });

  test('says what is left out in the built-in words', async () => {
    const { body } = await preview({ template: {} });
    expect(body.title).toMatch(/^Firing \(critical\): a sample/);
    expect(body.text).toContain('sample-delivery');
  });

  test('tells every mistake with its part and its line', async () => {
    const { status, body } = await preview<Problem>({ template: { title: '{titel}', text: 'a\nb\n{#alerts}' } });
    expect(status).toBe(400);
    expect(body.errors).toEqual([
      { where: 'body.template.title', problem: 'template line 1: there is nothing called {titel}' },
      { where: 'body.template.text', problem: 'template line 3: {/alerts} is missing' },
    ]);
  });

  test('says which zone and language it has not', async () => {
    const { body } = await preview({ template: { text: '{at}' }, zone: 'Mars/Olympus', language: 'tlh' });
    expect(body.language).toBe('en');
    expect(body.notices).toEqual([{ code: 'zone', message: expect.stringContaining('Mars/Olympus') }]);
  });

  test.each([
    ['too long', { text: 'x'.repeat(8_193) }],
    ['of another part', { subject: 'x' }],
  ])('refuses a template that is %s', async (_, template) => {
    expect((await preview<Problem>({ template })).status).toBe(400);
  });

  test("is not for another site's page", async () => {
    expect((await preview<Problem>({ template: {} }, { 'sec-fetch-site': 'cross-site' })).status).toBe(400);
  });
});
