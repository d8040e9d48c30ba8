import type { FastifyRequest } from 'fastify';
import { RequestProblem } from './problem.ts';

/** There is no log-in yet: at least no other site's page may act here through somebody's browser. */
export async function ownPageOnly(request: FastifyRequest): Promise<void> {
  const site = request.headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return;
  throw new RequestProblem([{ where: 'request', problem: 'comes from the page of another site' }]);
}
