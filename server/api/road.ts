import type { FastifyRequest } from 'fastify';
import type { Road } from '../control/act-log.ts';

/** Begins the `user-agent` of the command line. */
export const commandAgent = 'fournines/';

/** What a request says of itself: it is no proof, as long as there is no log-in. */
export function roadOf({ headers }: Pick<FastifyRequest, 'headers'>): Road {
  if (headers['sec-fetch-site'] === 'same-origin') return 'page';
  return headers['user-agent']?.startsWith(commandAgent) === true ? 'cli' : 'api';
}
