import { toFourninesError } from '../../../core/runtime/error.ts';
import type { OutboxSums } from '../../control/delivery-log.ts';
import { readStoredToOr } from '../../live/stored-to.ts';
import { alertFamilies, outboxFamilies } from '../../metrics/alert-families.ts';
import { writeExposition } from '../../metrics/exposition.ts';
import { fleetFamilies, storedFamilies } from '../../metrics/fleet-families.ts';
import type { ApiContext } from '../context.ts';
import type { Api } from '../server.ts';

/** A page of so many series is about 10 MB; a larger fleet is split over several servers. */
const seriesMax = 100_000;

/** GET /metrics: the fleet's series, then those of this process. */
export function metricsRoute(api: Api, context: ApiContext): void {
  api.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    const hosts = [...context.fleet.hosts.values()];
    const [storedTo, outbox] = await Promise.all([readStoredToOr(context), outboxOr(context)]);
    const families = [
      // Few, and first: the bound of this page never cuts them off.
      ...alertFamilies(context.alertStats()),
      ...outboxFamilies(outbox, context.nowMs()),
      ...fleetFamilies(hosts, context.monoMs(), context.staleAfterMs),
      ...storedFamilies(hosts, storedTo ?? new Map()),
    ];
    const fleet = writeExposition(families, seriesMax);
    context.metrics.truncated.set(fleet.truncated);
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return fleet.text + (await context.metrics.text());
  });
}

/** undefined: the control store does not answer. */
async function outboxOr({ deliveryLog, nowMs }: ApiContext): Promise<OutboxSums | undefined> {
  try {
    return await deliveryLog.sums(nowMs());
  } catch (error) {
    if (toFourninesError(error).retryable) return undefined;
    throw error;
  }
}
