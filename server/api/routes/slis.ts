import { Type } from 'typebox';
import { readWatermark } from '../../live/stored-to.ts';
import { packetDelivery, partsPerBillion } from '../../sli/packet-delivery.ts';
import type { ApiContext } from '../context.ts';
import { decodePortCursor } from '../cursor.ts';
import { readPaths, type StoredPath } from '../path-sums.ts';
import { PageQuery, Problem, WindowQuery } from '../schema/common.ts';
import { type Sli, SliPage } from '../schema/slis.ts';
import type { Api } from '../server.ts';
import { tellWindow } from '../tell-window.ts';
import { requestedWindow } from '../window.ts';

const Name = Type.String({ minLength: 1, maxLength: 255 });
const SliQuery = Type.Object(
  {
    ...PageQuery,
    ...WindowQuery,
    sli: Type.Union([Type.Literal('packetDelivery'), Type.Literal('pps')], { default: 'packetDelivery' }),
    host: Type.Optional(Name),
    port: Type.Optional(Name),
  },
  { additionalProperties: false },
);

export function sliRoute(api: Api, context: ApiContext): void {
  api.get(
    '/slis',
    { schema: { querystring: SliQuery, response: { 200: SliPage, '4xx': Problem, '5xx': Problem } } },
    async ({ query }) => {
      const { host, port, limit } = query;
      const watermark = await readWatermark(context, host);
      const window = requestedWindow(query, watermark.completeTo ?? Math.floor(context.nowMs() / 1000));
      const after = decodePortCursor(query.cursor);
      const told = await tellWindow(context, { window, watermark, host });
      const { paths, nextCursor } = await readPaths(context.store, { window, host, port, after, limit });
      return { ...told, items: paths.map((path) => sliOf(query.sli, path)), nextCursor };
    },
  );
}

function sliOf(sli: Sli['sli'], path: StoredPath): Sli {
  const { offered, delivered, bad, verdict } = packetDelivery(path, path.slots);
  // No contracts here: everything offered is entitled, so conformity is the same ratio as delivery.
  const ppb = verdict === 'measured' ? partsPerBillion(delivered, offered) : null;
  return {
    sli,
    host: path.host,
    port: path.port,
    direction: path.direction,
    slots: path.slots,
    offered: String(offered),
    delivered: String(delivered),
    bad: String(bad),
    ratio: { num: String(delivered), den: String(offered), ppb: ppb === null ? null : String(ppb) },
    verdict,
    peakPps: path.slots.observed > 0 ? String(path.packetsMax) : null,
  };
}
