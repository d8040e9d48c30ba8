import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { complaintsOf, launchBrowser } from './browser.ts';
import { type FixtureServer, startFixtureServer } from './fixture-server.ts';

interface Opened {
  readonly server: FixtureServer;
  readonly page: Page;
}

/** A page of its own for each test of a suite, over one server of made-up numbers; nothing may be complained of in it. */
export function eachPage(take: (opened: Opened) => void): void {
  let server: FixtureServer;
  let browser: Browser;
  let context: BrowserContext;
  let complaints: string[];

  beforeAll(async () => {
    [server, browser] = await Promise.all([startFixtureServer(), launchBrowser()]);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach(async () => {
    server.scenario = 'normal';
    context = await browser.newContext({ reducedMotion: 'reduce', viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    complaints = complaintsOf(page);
    take({ server, page });
  });

  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
}

/** Goes there, and waits until everything that loads has loaded. */
export async function goTo({ server, page }: Opened, path: string): Promise<void> {
  await page.goto(`${server.url}${path}`);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector('.state-loading') === null);
}
