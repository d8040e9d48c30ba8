// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { openBreach } from './fixture-breaches.ts';
import { deadDelivery } from './fixture-deliveries.ts';
import { requestedExclusion } from './fixture-exclusions.ts';
import type { FixtureServer } from './fixture-server.ts';

/** The pages of promises, in the browser that the other pages are tested in. */

interface Opened {
  readonly page: Page;
  readonly server: FixtureServer;
  readonly axeSource: string;
  readonly complaints: readonly string[];
  open(path: string): Promise<void>;
  settled(): Promise<void>;
}

const breachPath = `/breaches/${openBreach}`;
const notificationPath = `/notifications/${deadDelivery}`;
const exclusionPath = `/exclusions/${requestedExclusion}`;
/** With the pages whose colours are their own: those are looked at in the other theme too. */
const paths = [
  ...([
    ['/objectives', true],
    ['/objectives/acme-availability', true],
    ['/tenants/acme', true],
  ] as const),
  ...([
    ['/breaches', false],
    [breachPath, true],
    ['/notifications', true],
    [notificationPath, false],
    ['/exclusions', false],
    [exclusionPath, false],
  ] as const),
];

/** What is shown where there is nothing, and the link of the head that leads there; null: where one is. */
const empties = [
  [null, 'No objectives yet'],
  ['Objectives', 'No objectives yet'],
  ['Tenants', 'No tenants yet'],
  ['Breaches', 'No breaches'],
  ['Exclusions', 'No exclusions'],
  ['Notifications', 'No notifications'],
] as const;

/** Few tests with many steps: what takes time in them is opening a page. */
export function slaPages(opened: () => Opened): void {
  it('shows promises in both themes without serious faults of accessibility', async () => {
    const { page, open, settled, axeSource, complaints } = opened();
    for (const [path, bothThemes] of paths) {
      await open(path);
      await settled();
      await page.evaluate(axeSource);
      expect(await seriousFaults(page, []), path).toEqual([]);
      if (!bothThemes) continue;
      await page.keyboard.press('t');
      expect(await seriousFaults(page, ['color-contrast']), `${path}, the other theme`).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });

  it('says how to begin, what failed, who is stale and what nobody knows', async () => {
    const { page, server, open, settled } = opened();
    server.scenario = 'empty';
    await open('/tenants/acme');
    for (const [link, title] of empties) {
      const head = page.getByRole('navigation', { name: 'Main' });
      if (link !== null) await head.getByRole('link', { name: link, exact: true }).click();
      await page.getByRole('heading', { name: title }).waitFor();
      expect(await page.locator('.state-empty').innerText(), title).toContain('fournines slo apply -f');
    }
    server.scenario = 'error';
    await open('/objectives');
    await page.getByRole('alert').getByText('FN_STORE_UNAVAILABLE').waitFor();
    server.scenario = 'stale';
    await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-banner="host"]').waitFor();
    await page.getByRole('link', { name: 'acme-availability' }).click();
    await page.locator('[data-banner="slo"]').getByText('No complete slot of compute-01.zone-a').waitFor();
    server.scenario = 'noData';
    for (const path of ['/objectives/acme-availability', '/tenants/acme', notificationPath]) {
      await open(path);
      await page.getByRole('heading', { name: 'No data' }).waitFor();
      await settled();
      expect(await page.locator('main').innerText()).not.toMatch(/\b100 %|\bmet\b/);
    }
  });

  it('is walked by keys, and its choices stand in the address', async () => {
    const { page, open, settled } = opened();
    await open('/tenants/acme?month=2026-02');
    await settled();
    const grid = page.getByRole('grid');
    expect(await grid.getByRole('gridcell').count()).toBe(3 * (28 + 2));
    await grid.locator('[tabindex="0"]').focus();
    for (const key of ['End', 'ArrowDown', 'ArrowLeft']) await page.keyboard.press(key);
    const focused = await page.evaluate(() => document.activeElement?.querySelector('.hidden')?.textContent);
    expect(focused).toBe('acme-batch, 2026-02-27: no traffic');
    await page.getByText('acme-batch, 2026-02-27: no traffic.', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'The month after' }).click();
    await page.waitForURL(/month=2026-03/);
    await page.getByRole('heading', { name: 'March 2026', exact: true }).waitFor();

    await page.getByRole('link', { name: 'Objectives of this tenant' }).click();
    await page.waitForURL((url) => url.pathname === '/objectives' && url.search === '?tenant=acme');
    await page.getByLabel('State').selectOption('burning');
    await page.waitForURL(/state=burning/);
    await page.waitForFunction(() => document.querySelectorAll('tbody th').length === 1);
    await page.getByRole('link', { name: 'acme-availability' }).click();
    await page.waitForURL((url) => url.pathname === '/objectives/acme-availability' && url.search === '');
  });

  it('computes other terms, shows what the server refuses, and gives the proof of a breach', async () => {
    const { page, open, settled } = opened();
    await open('/objectives/acme-availability');
    await settled();
    await page.getByLabel('Target').fill('0.99999');
    await page.getByLabel('Seconds in a row (n)').fill('10');
    await page.getByRole('button', { name: 'Compute' }).click();
    await page.getByText('The verdict changes from undetermined to breached.').waitFor();

    await page.getByRole('link', { name: 'Breaches of this objective' }).click();
    await page.waitForURL(/slo=acme-availability/);
    await page.getByRole('rowheader').getByRole('link', { name: 'acme-availability' }).first().click();
    const bundle = page.getByRole('link', { name: 'Download bundle' });
    expect(await bundle.getAttribute('href')).toBe(`/api/v1${breachPath}/changes/2/bundle`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy the command' }).click();
    await page.getByText('Copied').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^fournines evaluate --slo /);

    await page.getByRole('link', { name: 'Exclusions', exact: true }).click();
    await page.getByRole('link', { name: /^Kernel of compute-01/ }).click();
    await page.getByLabel('Your name').fill('anna');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('alert').getByText('must be another person than anna, who asked for it').waitFor();
    await page.getByLabel('Your name').fill('minh');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('status').getByText('Done.').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });

  it('tells what was told to whom, sends a dead letter again and enables a receiver once that is confirmed', async () => {
    const { page, server, open, settled, complaints } = opened();
    await open('/');
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await page.waitForURL((url) => url.pathname === '/notifications');
    await settled();
    const log = page.getByRole('region', { name: 'Notifications', exact: true });
    expect(await log.getByRole('row').count()).toBe(1 + 5);
    const failing = await log.getByRole('row', { name: /FN_RECEIVER_AWAY/ }).innerText();
    expect(failing.split(/\s*[\n\t]\s*/)).toEqual(
      expect.arrayContaining(['globex-hook', 'globex', 'waiting', '3', 'no answer came', '10.0 s', 'new']),
    );
    await page.getByLabel('Receiver', { exact: true }).selectOption('globex-hook');
    await page.waitForURL(/receiver=globex-hook/);
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="Notifications"] tbody th').length === 2);
    await page.getByLabel('Receiver', { exact: true }).selectOption('');
    await page.getByLabel('State').selectOption('dead');
    await page.waitForURL(/state=dead/);
    await page.waitForFunction(() => document.querySelectorAll('[aria-label="Notifications"] tbody th').length === 1);

    const circuits = page.getByRole('table', { name: 'Receivers' });
    expect(await circuits.getByRole('row', { name: /^globex-hook/ }).innerText()).toMatch(
      /left alone\s+It failed too often in a row: nothing is sent until 2.*\s+6\s+2\s+15 min/,
    );
    const enable = page.getByRole('button', { name: 'Enable acme-noc' });
    await enable.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Send to acme-noc again?' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Enable acme-noc');
    expect(await page.getByText('is sent to again').count()).toBe(0);
    await enable.click();
    await page.getByRole('dialog').getByLabel('Your name').fill('anna');
    await page.getByRole('dialog').getByRole('button', { name: 'Enable' }).click();
    await page.getByRole('status').getByText('acme-noc is sent to again.').waitFor();

    await page
      .getByRole('rowheader')
      .getByRole('link', { name: /^acme-availability loses packets/ })
      .click();
    await page.waitForURL((url) => url.pathname === notificationPath);
    const attempts = page.getByRole('table', { name: /^Attempts/ });
    expect(await attempts.getByRole('row').nth(2).innerText()).toMatch(/gone\s+410\s+64 ms\s+FN_DELIVERY_GONE/);
    await page.getByText('Budget: 2,011 bad of 2,592 allowed, 581 left').waitFor();
    await page.getByText('Likely cause: vhost_ring_full, owner tenant, 184,467 packets').waitFor();
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await page.getByRole('status').getByText('It waits to be sent again.').waitFor();

    server.scenario = 'error';
    await open('/notifications');
    await page.getByRole('alert').getByText('FN_STORE_UNAVAILABLE').first().waitFor();
    server.scenario = 'stale';
    await page.getByRole('alert').first().getByRole('button', { name: 'Try again' }).click();
    await page.locator('[data-banner="host"]').waitFor();
    expect(complaints).toEqual([]);
  });
}

/** What axe, which is in the page already, finds in it; `rules`: by these alone; none: by all. */
export async function seriousFaults(page: Page, rules: readonly string[]): Promise<string[]> {
  const options = { resultTypes: ['violations'], ...(rules.length === 0 ? {} : { runOnly: rules }) };
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
}
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
