import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const version = 'v1.37.2';
// Only what the comparison needs: the build is quicker, and the process is smaller than any that people run.
const tags = 'custom,inputs.dpdk,outputs.discard,outputs.file,serializers.influx,parsers.influx';
const folder = fileURLToPath(new URL(`../../.setup/telegraf-${version}`, import.meta.url));
const program = join(folder, 'telegraf');

/** The path of Telegraf, built from the Go module proxy when it is not there yet; or why there is none. */
export function buildTelegraf(): { readonly program: string } | { readonly why: string } {
  if (existsSync(program)) return { program };
  if (spawnSync('go', ['version']).status !== 0) return { why: 'go is not here (https://go.dev/dl)' };
  process.stderr.write(`building Telegraf ${version}, a few minutes\n`);
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync(
    'go',
    ['install', '-tags', tags, `github.com/influxdata/telegraf/cmd/telegraf@${version}`],
    { env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' }, encoding: 'utf8', timeout: 900_000 },
  );
  return status === 0 ? { program } : { why: `go install: ${stderr.trim().split('\n').at(-1)}` };
}

export interface Telegraf {
  readonly pid: number;
  /** Ends it. */
  stop(): Promise<void>;
  /** Samples in its file (0 without one), and intervals between the first and the last; only after `stop`. */
  samples(ports: number, intervalMs: number): { readonly got: number; readonly expected: number };
}

/**
 * Telegraf reading counters of every port; into a file when its samples shall be counted. A socket that is not there
 * it passes over: what its process costs when it reads nothing.
 */
export function startTelegraf(telegraf: string, socket: string, intervalMs: number, isCounted: boolean): Telegraf {
  const own = mkdtempSync(join(tmpdir(), 'fn-telegraf-'));
  const out = join(own, 'out');
  const config = join(own, 'telegraf.conf');
  const sink = isCounted ? `[[outputs.file]]\n  files = ["${out}"]\n  data_format = "influx"` : '[[outputs.discard]]';
  writeFileSync(
    config,
    `[agent]
  interval = "${intervalMs}ms"
  precision = "1ns"
  flush_interval = "1s"
  # Nothing may be lost between its input and its output.
  metric_buffer_limit = 1000000
  omit_hostname = true
  logfile = "${join(own, 'log')}"
${sink}
[[inputs.dpdk]]
  socket_path = "${socket}"
  unreachable_socket_behavior = "ignore"
  [inputs.dpdk.ethdev]
    exclude_commands = ["/ethdev/link_status", "/ethdev/stats", "/ethdev/info"]
`,
  );
  const child = spawn(telegraf, ['--config', config], { stdio: 'ignore' });
  return {
    pid: child.pid ?? 0,
    stop: async () => {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) {
        await once(child, 'exit', { signal: AbortSignal.timeout(30_000) });
      }
      if (!isCounted) rmSync(own, { recursive: true });
    },
    samples: (ports, intervalMs) => {
      const text = existsSync(out) ? readFileSync(out, 'utf8') : '';
      rmSync(own, { recursive: true });
      const timesNs = [...text.matchAll(/^dpdk,.*command=\/ethdev\/xstats.* (\d+)$/gm)].map((match) =>
        Number(match[1]),
      );
      if (timesNs.length === 0) return { got: 0, expected: 0 };
      // Not Math.max of a list: it may have a hundred thousand.
      const first = timesNs.reduce((a, b) => Math.min(a, b));
      const last = timesNs.reduce((a, b) => Math.max(a, b));
      return {
        got: Math.round(timesNs.length / ports),
        expected: Math.round((last - first) / 1e6 / intervalMs) + 1,
      };
    },
  };
}
