import type { FastifyRequest } from 'fastify';
import type { NewAct, Road } from '../control/act-log.ts';
import type { DoneBy } from './schema/acts.ts';

/** Begins the `user-agent` of the command line. */
export const commandAgent = 'fournines/';

/** What a request says of itself: it is no proof, as long as there is no log-in. */
export function roadOf({ headers }: Pick<FastifyRequest, 'headers'>): Road {
  if (headers['sec-fetch-site'] === 'same-origin') return 'page';
  return headers['user-agent']?.startsWith(commandAgent) === true ? 'cli' : 'api';
}

/** Who did something that needed no body at first, when, and by which road. */
export function saidOf(
  request: Pick<FastifyRequest, 'headers'> & { readonly body: DoneBy },
  atMs: number,
): Pick<NewAct, 'atMs' | 'by' | 'via' | 'comment'> {
  const { by = '', comment = '' } = request.body ?? {};
  return { atMs, by, via: roadOf(request), comment };
}
