/**
 * How long the main thread works for one frame while a chart of many points is panned:
 *
 *     node test/web/frame-time.ts --points 100000 --frames 300
 *
 * The chart is the page's own panel, built as the page is; each frame its source moves the window on.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { launchBrowser } from './browser.ts';

const { values: options } = parseArgs({
  options: {
    points: { type: 'string', default: '100000' },
    /** Share of the points that is in sight. */
    shown: { type: 'string', default: '0.5' },
    frames: { type: 'string', default: '300' },
    /** CPU this many times slower, as the developer tools do it. */
    slower: { type: 'string', default: '1' },
  },
});

const budgetMs = 8;
const out = mkdtempSync(join(tmpdir(), 'frame-time-'));
const entry = fileURLToPath(new URL('./frame-time-chart.ts', import.meta.url));

process.env['NODE_ENV'] = 'production';
await build({
  configFile: false,
  logLevel: 'error',
  build: {
    outDir: out,
    target: 'es2023',
    rolldownOptions: { input: entry, output: { entryFileNames: 'chart.js', assetFileNames: 'chart[extname]' } },
  },
});

const html = `<!doctype html><link rel="stylesheet" href="/chart.css"><style>
:root { --text-muted: #888; --surface: #111; --chart-grid: #333; --unknown-line: #777; --bridged-fill: #234; --line-1: #4af }
body { margin: 0; background: #111 }</style><div id="root"></div><script type="module" src="/chart.js"></script>`;
const types: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css' };
const server = createServer(({ url = '/' }, response) => {
  const type = types[extname(url)];
  response.writeHead(200, { 'content-type': type ?? 'text/html; charset=utf-8' });
  response.end(type === undefined ? html : readFileSync(join(out, url)));
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;

const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.on('pageerror', (error) => process.stderr.write(`${error.stack}\n`));
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  await session.send('Emulation.setCPUThrottlingRate', { rate: Number(options.slower) });
  await page.goto(`http://127.0.0.1:${port}/?points=${options.points}&shown=${options.shown}`);
  await page.waitForFunction('window.pan !== undefined');
  // The compiler warms up on the first frames, which no one calls panning.
  await page.evaluate('window.pan(30)');
  const before = await metrics();
  const frames = await page.evaluate<number[]>(`window.pan(${options.frames})`);
  const after = await metrics();
  const sorted = frames.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const mean = (name: string) => (((after.get(name) ?? 0) - (before.get(name) ?? 0)) * 1_000) / frames.length;
  const lines = [
    `${options.points} points, ${options.shown} of them in sight, ${frames.length} frames, CPU ${options.slower}x slower`,
    `frame, callback to the end of its microtasks: median ${at(0.5).toFixed(2)} ms, p95 ${at(0.95).toFixed(2)} ms, most ${at(1).toFixed(2)} ms`,
    `by the browser, mean of a frame: script ${mean('ScriptDuration').toFixed(2)} ms, layout ${mean('LayoutDuration').toFixed(2)} ms, all tasks ${mean('TaskDuration').toFixed(2)} ms`,
    `p95 ${at(0.95) < budgetMs ? 'is within' : 'is NOT within'} ${budgetMs} ms`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);

  async function metrics(): Promise<Map<string, number>> {
    const { metrics: list } = await session.send('Performance.getMetrics');
    return new Map(list.map(({ name, value }) => [name, value]));
  }
} finally {
  await browser.close();
  server.close();
  rmSync(out, { recursive: true, force: true });
}
