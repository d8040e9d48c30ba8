import type { DiskStatus } from '../../disk/disk-watch.ts';
import type { PhaseName } from '../../phase.ts';
import type { ApiContext, CollectorStatus } from '../context.ts';
import { Health, Live, Ready } from '../schema/health.ts';
import type { Api } from '../server.ts';

/** The bus is nearly full from here on: the store does not keep up. */
const busDegradedAt = 0.5;
/** Ingest this far behind makes sums late, ms. */
const lagDegradedMs = 15_000;
/** The bus has not taken ticks for so long, ms. A bus that stores first answers after the linger. */
const spoolDegradedMs = 15_000;

type Check = Health['checks'][number];

export function healthRoute(api: Api, context: ApiContext): void {
  api.get('/health', { schema: { response: { 200: Health, 503: Health } } }, async (_request, reply) => {
    const health = healthOf(context);
    reply.status(health.status === 'failed' ? 503 : 200);
    return health;
  });
  api.get('/health/live', { schema: { response: { 200: Live } } }, async () => ({
    status: 'ok' as const,
    version: context.version,
    startedAt: new Date(context.startedAtMs).toISOString(),
  }));
  api.get('/health/ready', { schema: { response: { 200: Ready, 503: Ready } } }, async (_request, reply) => {
    const ready = readyOf(context);
    reply.status(ready.status === 'ready' ? 200 : 503);
    return ready;
  });
}

/**
 * Whether questions are answered: everything has been started, both schemas are up to date, the store answers. A control
 * store that was there and is away holds up ingest, not questions: that is for `/health` to say.
 */
function readyOf({ phase, storeStats, control, version }: ApiContext): Ready {
  const { state } = storeStats();
  const { isOpen, error } = control.stats();
  const away = state === 'ready' ? '' : `the store is ${state}`;
  const unopened = error === '' ? 'the control store is being opened' : `the control store does not open: ${error}`;
  const told = { starting: 'the server is starting', draining: 'the server is stopping', serving: '' }[phase.current];
  const check = (name: string, reason: string): Check => ({ name, state: reason === '' ? 'ok' : 'failed', reason });
  const checks = [check('server', told), check('store', away), check('control', isOpen ? '' : unopened)];
  const serving = isOpen && away === '' ? 'ready' : isOpen ? 'away' : 'starting';
  return { status: phase.current === 'serving' ? serving : phase.current, version, checks };
}

function healthOf(context: ApiContext): Health {
  const bus = context.busStats();
  const ingest = context.ingestStats();
  const store = context.storeStats();
  const collector = context.collectorStats();
  const checks = [
    storeCheck(store.state),
    controlCheck(context.control.stats()),
    ingestCheck(context.phase.current, ingest.state, ingest.lagMs),
    diskCheck(context.diskStatus()),
    ...(bus === null ? [] : [busCheck(bus)]),
  ];
  if (collector !== undefined) checks.push(collectorCheck(context), spoolCheck(collector.spool));
  const worst = ['failed', 'degraded', 'ok'].find((state) => checks.some((check) => check.state === state));
  return {
    status: (worst ?? 'ok') as Health['status'],
    version: context.version,
    startedAt: new Date(context.startedAtMs).toISOString(),
    now: new Date(context.nowMs()).toISOString(),
    staleAfterMs: context.staleAfterMs,
    checks,
    bus,
    collector: collector === undefined ? null : collectorHealth(collector),
    ingest: {
      rows: String(ingest.rows),
      lagMs: ingest.lagMs === undefined ? null : Math.round(ingest.lagMs),
      deadLetters: String(Object.values(ingest.deadLetters).reduce((sum, count) => sum + count, 0)),
    },
    store: { state: store.state, queued: store.lanes.insert.queued + store.lanes.query.queued },
  };
}

function storeCheck(state: string): Check {
  if (state === 'ready') return { name: 'store', state: 'ok', reason: '' };
  const reason = `the store is ${state}; rows wait in the bus`;
  return { name: 'store', state: state === 'closed' ? 'failed' : 'degraded', reason };
}

function controlCheck({ state, error }: { state: string; error: string }): Check {
  if (error !== '') return { name: 'control', state: 'failed', reason: `the control store does not open: ${error}` };
  // One that has just been made is no trouble; one that was there and is gone is.
  if (state === 'ready' || state === 'starting') return { name: 'control', state: 'ok', reason: '' };
  return { name: 'control', state: 'degraded', reason: `the control store is ${state}; rows wait in the bus` };
}

function ingestCheck(phase: PhaseName, state: string, lagMs: number | undefined): Check {
  if (phase !== 'serving') return { name: 'ingest', state: 'degraded', reason: `the server is ${phase}` };
  if (state === 'stopped') return { name: 'ingest', state: 'failed', reason: 'ingest has stopped' };
  if (state === 'waiting')
    return { name: 'ingest', state: 'degraded', reason: 'a store refuses blocks; they are tried again' };
  if (lagMs !== undefined && lagMs > lagDegradedMs) {
    return { name: 'ingest', state: 'degraded', reason: `rows are stored ${Math.round(lagMs / 1000)} s late` };
  }
  return { name: 'ingest', state: 'ok', reason: '' };
}

function diskCheck({ state, freeBytes = 0, lowBytes, floorBytes }: DiskStatus): Check {
  const reasons: Readonly<Record<DiskStatus['state'], string>> = {
    ok: '',
    low: `the data folder's disk has ${freeBytes} bytes left, less than ${lowBytes}; below ${floorBytes} nothing new is stored`,
    full: `the data folder's disk has ${freeBytes} bytes left, less than ${floorBytes}: nothing new is stored, rows wait in the bus`,
    unknown: "nobody says how much room the data folder's disk has",
  };
  return { name: 'disk', state: state === 'ok' ? 'ok' : 'degraded', reason: reasons[state] };
}

function busCheck({ heldBytes, bytesMax }: { heldBytes: number; bytesMax: number }): Check {
  if (heldBytes <= bytesMax * busDegradedAt) return { name: 'bus', state: 'ok', reason: '' };
  return { name: 'bus', state: 'degraded', reason: `${heldBytes} of ${bytesMax} bytes wait for the store` };
}

function collectorHealth({ ticks, skipped, refused, spool }: CollectorStatus): Health['collector'] {
  const counts = { ticks: String(ticks), skipped: String(skipped), refused: String(refused) };
  if (spool === undefined) return { ...counts, spool: null };
  const { backlogTicks, backlogBytes, bytesMax, lostTicks } = spool;
  return {
    ...counts,
    spool: { backlogTicks, backlogBytes, bytesMax, oldestAgeMs: Math.round(spool.oldestAgeMs), lostTicks },
  };
}

function spoolCheck(spool: CollectorStatus['spool']): Check {
  const name = 'spool';
  if (spool === undefined || spool.oldestAgeMs <= spoolDegradedMs) return { name, state: 'ok', reason: '' };
  const waited = Math.round(spool.oldestAgeMs / 1000);
  const reason = `${spool.backlogTicks} ticks wait for the bus, the oldest for ${waited} s`;
  return { name, state: 'degraded', reason };
}

function collectorCheck(context: ApiContext): Check {
  const arrivals = [...context.fleet.hosts.values()].map((host) => host.arrivedAtMs);
  const last = Math.max(context.startedMonoMs, ...arrivals);
  const silentMs = context.monoMs() - last;
  if (silentMs <= context.staleAfterMs) return { name: 'collector', state: 'ok', reason: '' };
  return { name: 'collector', state: 'degraded', reason: `no tick for ${Math.round(silentMs / 1000)} s` };
}
