// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { activeSilence } from './fixture-acts.ts';
import { openBreach } from './fixture-breaches.ts';
import { deadDelivery, sentTest } from './fixture-deliveries.ts';
import type { FixtureServer } from './fixture-server.ts';
import { seriousFaults } from './sla-pages.ts';

interface Opened {
  readonly page: Page;
  readonly server: FixtureServer;
  readonly axeSource: string;
  readonly complaints: readonly string[];
  open(path: string): Promise<void>;
  settled(): Promise<void>;
}

/** What people do about being told, in the browser that the other pages are tested in. */
export function tellingPages(opened: () => Opened): void {
  it('lists receivers that nothing was sent to, sends a test, and follows it to its delivery', async () => {
    const { page, open, settled, complaints } = opened();
    await open('/notifications');
    await settled();
    const receivers = page.getByRole('table', { name: 'Receivers', exact: true });
    expect(await receivers.getByRole('row', { name: /^globex-chat/ }).innerText()).toMatch(
      /slack, globex, no key\s+Nothing was ever sent to it\./,
    );
    const gone = receivers.getByRole('row', { name: /^hooli-mail/ });
    expect(await gone.innerText()).toContain('not in the document of receivers');
    expect(await gone.getByRole('button').count()).toBe(0);
    await page.getByRole('button', { name: 'Send a test to noc', exact: true }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Send a test to noc?' });
    await dialog.getByLabel('Your name').fill('anna');
    const asked = page.waitForRequest((request) => request.method() === 'POST');
    await page.keyboard.press('Enter');
    expect((await asked).postDataJSON()).toEqual({ by: 'anna', comment: '' });
    const result = page.getByRole('status').filter({ hasText: 'The test to noc' });
    await result.getByText('delivered', { exact: true }).waitFor();
    expect(await result.innerText()).toContain('answered 200');
    await result.getByRole('link', { name: 'What was sent, and each attempt' }).click();
    await page.waitForURL((url) => url.pathname === `/notifications/${sentTest}`);
    await page.getByRole('heading', { level: 1, name: 'To noc: a test' }).waitFor();
    await page.getByText('There is no alert in it.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('leads from what was told to the port, and marks one entry of the menu on all pages of the matter', async () => {
    const { page, open, settled, complaints } = opened();
    await open(`/notifications/${deadDelivery}`);
    await settled();
    const says = page.getByRole('region', { name: 'Alerts in it', exact: true });
    const timeline = says.getByRole('link', { name: 'What the port did', exact: true }).first();
    expect(await timeline.getAttribute('href')).toBe('/hosts/compute-01.zone-a/ports/vhu3a91c0de-1f?tab=timeline');
    const explain = says.getByRole('link', { name: 'Whose each lost packet was', exact: true }).first();
    expect(await explain.getAttribute('href')).toMatch(/^\/api\/v1\/explain\?host=/);
    const marked = page.getByRole('navigation', { name: 'Main', exact: true }).locator('[aria-current="page"]');
    for (const path of ['/notifications', '/alerts', '/silences', '/audit', '/breaches']) {
      await open(path);
      await settled();
      expect(await marked.allInnerTexts(), path).toEqual([path === '/breaches' ? 'Breaches' : 'Notifications']);
    }
    expect(complaints).toEqual([]);
  });

  it('shows what a receiver would read by a template, and the place of a mistake', async () => {
    const { page, open, settled } = opened();
    await open('/notifications');
    await settled();
    const form = page.getByRole('form', { name: 'Template' });
    const shown = page.getByRole('region', { name: 'What would be read' });
    await form.getByLabel('Title').fill('[noc] {title}');
    await form.getByRole('button').click();
    await shown.getByText('[noc] Firing (critical): a sample: packets are lost', { exact: true }).waitFor();
    await shown.getByText('Of a sample, in the words of “en”:').waitFor();
    await form.getByLabel('Text').fill('{reason_line}\n{budgett_line}');
    await form.getByRole('button').click();
    const alert = page.getByRole('alert');
    await alert.getByText('template line 2: there is nothing called {budgett_line}').waitFor();
    await alert.getByText('body.template.text', { exact: true }).waitFor();
    await shown.waitFor({ state: 'detached' });
  });

  it('shows what fires, silences and acts in both themes without serious faults of accessibility', async () => {
    const { page, open, settled, axeSource, complaints } = opened();
    for (const path of ['/alerts', `/silences?slo=acme-availability&breach=${openBreach}`, '/audit']) {
      await open(path);
      await settled();
      await page.evaluate(axeSource);
      expect(await seriousFaults(page, []), path).toEqual([]);
      await page.locator('h1').click();
      await page.keyboard.press('t');
      expect(await seriousFaults(page, ['color-contrast']), `${path}, the other theme`).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  it('says where there is nothing, what failed, who is stale and what nobody knows', async () => {
    const { page, server, open } = opened();
    server.scenario = 'empty';
    for (const [path, title] of [
      ['/alerts', 'No alerts'],
      ['/silences', 'No silences'],
      ['/audit', 'Nobody did anything yet'],
    ] as const) {
      server.scenario = 'empty';
      await open(path);
      await page.getByRole('heading', { name: title, exact: true }).waitFor();
      server.scenario = 'error';
      await open(path);
      const alert = page.getByRole('alert');
      await alert.getByText('FN_STORE_UNAVAILABLE', { exact: true }).waitFor();
      server.scenario = 'stale';
      await alert.getByRole('button', { name: 'Try again' }).click();
      await alert.waitFor({ state: 'detached' });
      await page.locator('[data-banner="host"]').waitFor();
    }
    server.scenario = 'noData';
    await open('/alerts');
    const row = page.getByRole('row', { name: /^BudgetBurns of acme-availability/ });
    await row.getByText('state unknown', { exact: true }).waitFor();
    server.scenario = 'gap';
    await open('/audit');
    await page.getByText('chain of acts is broken', { exact: true }).waitFor();
  });

  it('leads from a breach to its silence, filled in, shows what it would quiet, makes it and ends one', async () => {
    const { page, open, settled, complaints } = opened();
    await open(`/breaches/${openBreach}`);
    await settled();
    await page.getByRole('link', { name: 'Silence it', exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/silences');
    await settled();
    const form = page.getByRole('form', { name: 'Silence', exact: true });
    const matchers = form.getByLabel(/^An alert must have/);
    expect(await matchers.inputValue()).toBe(`slo=acme-availability\nbreach=${openBreach}`);
    await form.getByRole('button', { name: 'Which alerts would it quiet?' }).click();
    const covered = page.getByRole('region', { name: 'What it would quiet' });
    await covered.getByText('1 of 3 alerts that fire now would be told to nobody.', { exact: true }).waitFor();
    await covered.getByRole('link', { name: 'BudgetBurns of acme-availability' }).waitFor();

    const silence = form.getByRole('button', { name: 'Silence', exact: true });
    await form.getByLabel('Your name').fill('anna');
    await form.getByLabel('Why').fill('ring is being moved');
    await form.getByLabel('Lasts').selectOption('until');
    await silence.click();
    await form.getByRole('alert').getByText('Say until when: there is no silence without an end.').waitFor();
    await form.getByLabel('Lasts').selectOption('14400');
    await matchers.fill('acme');
    await silence.click();
    await page.getByRole('alert').getByText('is no matcher').waitFor();
    await matchers.fill('slo=acme-availability');
    const asked = page.waitForRequest((request) => request.method() === 'POST');
    await silence.click();
    const body = (await asked).postDataJSON() as { endsAt: string };
    expect(body).toMatchObject({ tenant: null, matchers: ['slo=acme-availability'], by: 'anna' });
    expect(Math.abs(Date.parse(body.endsAt) - Date.now() - 4 * 3_600_000)).toBeLessThan(60_000);
    await form.getByRole('status').getByText('Made: it stands in the list.').waitFor();

    await page.getByLabel('State', { exact: true }).selectOption('active');
    await page.waitForURL(/state=active/);
    const table = page.getByRole('region', { name: 'Silences, one by one' });
    await page.waitForFunction(
      () => document.querySelectorAll('[aria-label="Silences, one by one"] tbody th').length === 1,
    );
    const end = table.getByRole('button', { name: 'End the silence of slo=acme-availability' });
    await end.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'End this silence?' });
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await end.click();
    const ended = page.waitForRequest((request) => request.method() === 'POST');
    await dialog.getByLabel('Comment').fill('done sooner');
    await dialog.getByRole('button', { name: 'End', exact: true }).click();
    expect((await ended).url()).toContain(`/silences/${activeSilence}/end`);
    expect((await ended).postDataJSON()).toEqual({ by: 'anna', comment: 'done sooner' });
    await page.getByRole('status').getByText('It is ended: what fires is told again.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('keeps what people say of a breach, and leads to what they did', async () => {
    const { page, open, settled } = opened();
    await open(`/breaches/${openBreach}`);
    await settled();
    const comments = page.getByRole('region', { name: 'Comments', exact: true });
    await comments.getByText('The guest polls too slowly since noon.').waitFor();
    const form = comments.getByRole('form', { name: 'Comment on it' });
    await form.getByLabel('Your name').fill('minh');
    await form.getByLabel('Comment').fill('Moved to core 5.');
    const asked = page.waitForRequest((request) => request.method() === 'POST');
    await form.getByRole('button', { name: 'Say it' }).click();
    expect((await asked).postDataJSON()).toEqual({ by: 'minh', comment: 'Moved to core 5.' });
    await expect.poll(() => form.getByLabel('Comment').inputValue(), { timeout: 15_000 }).toBe('');
    await comments.getByRole('link', { name: 'What people did' }).click();
    await page.waitForURL((url) => url.pathname === '/audit' && url.searchParams.get('subject') === openBreach);
    await settled();
    const acts = page.getByRole('region', { name: 'What people did, the last first' });
    await acts.getByText('chain of acts holds', { exact: true }).waitFor();
    expect(await acts.getByRole('listitem').count()).toBe(1);
    await acts.getByRole('button', { name: 'show all' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.timeline > li').length === 4);
    const tested = await acts.getByRole('listitem').nth(2).innerText();
    expect(tested).toContain('somebody who did not say who sent a test to a receiver noc on the command line');
    await page.getByLabel('Act', { exact: true }).selectOption('silence.made');
    await page.waitForURL(/act=silence.made/);
    await page.waitForFunction(() => document.querySelectorAll('.timeline > li').length === 1);
    expect(await acts.getByRole('listitem').innerText()).toContain('matchers slo=acme-availability');
  });
}
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
