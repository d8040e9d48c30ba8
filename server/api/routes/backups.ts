import { Readable } from 'node:stream';
import { Type } from 'typebox';
import { encodeBackup } from '../../backup/frames.ts';
import type { ApiContext } from '../context.ts';
import { Problem } from '../schema/common.ts';
import type { Api } from '../server.ts';

const Bytes = Type.Unsafe<Readable>(Type.String({ description: 'What `fournines backup` reads.' }));
/** A reader that takes nothing for so long is gone; until then the store keeps what was merged away, ms. */
const silentMs = 60_000;

/** POST /backups: both stores at one instant, as one stream. It lasts as long as its reader. */
export function backupRoute(api: Api, context: ApiContext): void {
  api.post(
    '/backups',
    { schema: { response: { 200: Bytes, '4xx': Problem, '5xx': Problem } } },
    async (_request, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort(new DOMException('the reader of the backup has gone', 'AbortError')));
      reply.raw.setTimeout(silentMs, () => reply.raw.destroy());
      const snapshot = await context.backups.open(gone.signal);
      reply.type('application/octet-stream').header('cache-control', 'no-store');
      reply.header('fournines-data', encodeURIComponent(context.backups.folder));
      return reply.send(Readable.from(encodeBackup(snapshot), { objectMode: false }));
    },
  );
}
