import { writeExposition } from '../../metrics/exposition.ts';
import { fleetFamilies } from '../../metrics/fleet-families.ts';
import type { ApiContext } from '../context.ts';
import type { Api } from '../server.ts';

/** A page of so many series is about 10 MB; a larger fleet is split over several servers. */
const seriesMax = 100_000;

/** GET /metrics: the fleet's series, then those of this process. */
export function metricsRoute(api: Api, context: ApiContext): void {
  api.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const families = fleetFamilies([...context.fleet.hosts.values()], context.monoMs(), context.staleAfterMs);
    const fleet = writeExposition(families, seriesMax);
    context.metrics.truncated.set(fleet.truncated);
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return fleet.text + (await context.metrics.text());
  });
}
