// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { sentTest } from './fixture-deliveries.ts';

interface Opened {
  readonly page: Page;
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
    const result = page.getByRole('status').filter({ hasText: 'The test to noc' });
    await result.getByText('delivered', { exact: true }).waitFor();
    expect(await result.innerText()).toContain('answered 200');
    await result.getByRole('link', { name: 'What was sent, and each attempt' }).click();
    await page.waitForURL((url) => url.pathname === `/notifications/${sentTest}`);
    await page.getByRole('heading', { level: 1, name: 'To noc: a test' }).waitFor();
    await page.getByText('There is no alert in it.').waitFor();
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
}
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
