import { Type } from 'typebox';
import { readWatermark } from '../../live/stored-to.ts';
import type { ApiContext } from '../context.ts';
import { decodeCursor } from '../cursor.ts';
import { readDetail } from '../ledger-detail.ts';
import { readEntries } from '../ledger-entries.ts';
import { PageQuery, Problem, WindowQuery } from '../schema/common.ts';
import { LedgerDetail, LedgerPage } from '../schema/ledger.ts';
import type { Api } from '../server.ts';
import { tellWindow } from '../tell-window.ts';
import { requestedStep, requestedWindow } from '../window.ts';

const strict = { additionalProperties: false } as const;
const Name = Type.String({ minLength: 1, maxLength: 255 });
const problems = { '4xx': Problem, '5xx': Problem };
const DetailQuery = Type.Object(
  {
    ...WindowQuery,
    step: Type.Optional(Type.Integer({ minimum: 1, maximum: 86_400, description: 'Seconds a step.' })),
  },
  strict,
);

/** Ledgers of datapaths: from raw rows, which live seven days; slots that are older are told unknown. */
export function ledgerRoutes(api: Api, context: ApiContext): void {
  const nowSecond = () => Math.floor(context.nowMs() / 1000);
  api.get(
    '/ledger',
    {
      schema: {
        querystring: Type.Object({ ...PageQuery, ...WindowQuery, host: Type.Optional(Name) }, strict),
        response: { 200: LedgerPage, ...problems },
      },
    },
    async ({ query }) => {
      const { host, limit } = query;
      const watermark = await readWatermark(context, host);
      const window = requestedWindow(query, watermark.completeTo ?? nowSecond());
      const after = decodeCursor(query.cursor, 2);
      const told = await tellWindow(context, { window, watermark, host });
      const { entries, nextCursor } = await readEntries(context.store, {
        window,
        host,
        after: after && { host: after[0] ?? '', datapath: after[1] ?? '' },
        limit,
      });
      return { ...told, items: entries.map(({ entry }) => entry), nextCursor };
    },
  );
  api.get(
    '/ledger/:host/:datapath',
    {
      schema: {
        params: Type.Object({ host: Name, datapath: Name }),
        querystring: DetailQuery,
        response: { 200: LedgerDetail, ...problems },
      },
    },
    async ({ params, query }) => {
      const watermark = await readWatermark(context, params.host);
      const { window, step } = requestedStep(requestedWindow(query, watermark.completeTo ?? nowSecond()), query.step);
      const told = await tellWindow(context, { window, watermark, host: params.host });
      const detail = await readDetail(context.store, { ...params, window, step, now: nowSecond() });
      return { ...told, ...detail };
    },
  );
}
