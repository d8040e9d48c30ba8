/**
 * Takes a picture of each page of a running server in both themes:
 *
 *     node test/web/screenshots.ts --url http://127.0.0.1:8080 --host NAME --port eth0 --out FOLDER
 *
 * With --slo, --tenant, --breach, --exclusion, --notification and --advice also of the page of each.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { launchBrowser } from './browser.ts';

const { values: options } = parseArgs({
  options: {
    url: { type: 'string', default: 'http://127.0.0.1:8080' },
    host: { type: 'string', default: '' },
    port: { type: 'string', default: 'eth0' },
    slo: { type: 'string' },
    tenant: { type: 'string' },
    breach: { type: 'string' },
    exclusion: { type: 'string' },
    notification: { type: 'string' },
    advice: { type: 'string' },
    out: { type: 'string', default: 'screenshots' },
  },
});

const host = `/hosts/${encodeURIComponent(options.host)}`;
const port = `${host}/ports/${encodeURIComponent(options.port)}`;
const pageOf = (name: string, list: string, one: string | undefined) =>
  one === undefined ? {} : { [name]: `/${list}/${encodeURIComponent(one)}` };
const pages = {
  fleet: '/',
  ports: '/ports',
  host,
  ledger: `${host}?tab=ledger`,
  threads: `${host}?tab=threads`,
  softnet: `${host}?tab=softnet`,
  facts: `${host}?tab=facts`,
  port,
  timeline: `${port}?tab=timeline`,
  queues: `${port}/queues`,
  objectives: '/objectives',
  ...pageOf('objective', 'objectives', options.slo),
  tenants: '/tenants',
  ...pageOf('tenant', 'tenants', options.tenant),
  breaches: '/breaches',
  ...pageOf('breach', 'breaches', options.breach),
  exclusions: '/exclusions',
  ...pageOf('exclusion', 'exclusions', options.exclusion),
  notifications: '/notifications',
  ...pageOf('notification', 'notifications', options.notification),
  advice: '/advice',
  ...pageOf('plan', 'advice', options.advice),
};

mkdirSync(options.out, { recursive: true });
const browser = await launchBrowser();
for (const colorScheme of ['dark', 'light'] as const) {
  const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  for (const [name, path] of Object.entries(pages)) {
    await page.goto(`${options.url}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor({ timeout: 10_000 });
    // Live charts: let a few ticks arrive.
    await page.waitForTimeout(3000);
    const file = join(options.out, `${name}-${colorScheme}.png`);
    await page.screenshot({ path: file, fullPage: true });
    process.stdout.write(`${file}\n`);
  }
  await context.close();
}
await browser.close();
