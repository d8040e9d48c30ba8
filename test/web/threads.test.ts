// biome-ignore-start lint/performance/useDomNodeTextContent: what is tested is the text that can be seen.
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { noBrowser } from './browser.ts';
import { eachPage, goTo } from './each-page.ts';
import { hostNames } from './fixture-numbers.ts';
import type { FixtureServer } from './fixture-server.ts';

const host = hostNames[0] ?? '';

describe.skipIf(noBrowser !== null)('the threads of a host', () => {
  let server: FixtureServer;
  let page: Page;
  eachPage((opened) => {
    ({ server, page } = opened);
  });

  function open(more = ''): Promise<void> {
    return goTo({ server, page }, `/hosts/${host}?tab=threads${more}`);
  }

  const gaps = () => page.getByRole('region', { name: 'Gaps of polling threads', exact: true });
  const list = () => page.getByRole('region', { name: 'Gaps of polling threads, the longest first' });

  it('lists gaps of polling threads: the longest first, with bounds, what kept it, and what goes on', async () => {
    await open();
    const rows = await list().getByRole('row').allInnerTexts();
    expect(rows).toHaveLength(6);
    expect(rows[1]).toContain('812 ms – 850 ms');
    expect(rows[1]).toContain('stopped or traced');
    expect(rows[2]).toMatch(/waits for a CPU\s+goes on/);
    expect(rows[3]).toContain('14 ms');
    expect(rows[3]).toContain('pushed off its CPU');
    expect(rows[4]).toContain('3 ms – 26 ms');
    await gaps().getByText('One thread, sampled in every step.').waitFor();
  });

  it('leaves out what cannot have lasted so long, and keeps what may have; the choice is in the address', async () => {
    await open();
    await gaps().getByLabel('May have lasted').selectOption('10');
    await page.waitForURL(/least=10/);
    // While it is asked anew there is no list at all, with no row that is too short either.
    await expect.poll(() => list().getByRole('row').count(), { timeout: 15_000 }).toBe(5);
    expect(await list().getByText('2 ms', { exact: true }).count()).toBe(0);
    await open('&least=1000');
    await gaps().getByText('No sampled polling thread stood still for 1000 ms.').waitFor();
  });

  it('does not call what was not sampled free of gaps', async () => {
    server.scenario = 'noData';
    await open();
    await gaps()
      .getByText('No polling thread was sampled in this window: whether one stood still is not known.')
      .waitFor();
    expect(await gaps().innerText()).not.toContain('No sampled polling thread stood still');
  });

  it('cuts no column at 1280 pixels', async () => {
    await open();
    await list().waitFor();
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('main th, main td, main .sort')]
        .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
        .map((cell) => cell.innerText),
    );
    expect(cut).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(1280);
  });
});
// biome-ignore-end lint/performance/useDomNodeTextContent: as above.
