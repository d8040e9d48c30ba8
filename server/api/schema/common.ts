import { type Static, type TSchema, Type } from 'typebox';

/** A counter: decimal digits, because it can pass 2^53. */
export const Count = Type.String({ pattern: '^[0-9]+$', description: 'Integer as decimal digits.' });
export const Instant = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: 'Code from docs/errors.md.' }),
    detail: Type.String(),
    hint: Type.String(),
    errors: Type.Optional(
      Type.Array(Type.Object({ where: Type.String(), problem: Type.String() }), {
        description: 'Each mistake of the request.',
      }),
    ),
  },
  { $id: 'Problem', description: 'RFC 9457 problem document.' },
);
export type Problem = Static<typeof Problem>;

export function page<T extends TSchema>(item: T) {
  return Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Give it as `cursor` for the next page; null: the end.',
    }),
  });
}

export const PageQuery = {
  limit: Type.Integer({ minimum: 1, maximum: 1000, default: 200, description: 'Items a page.' }),
  cursor: Type.Optional(Type.String({ maxLength: 500 })),
};

/** Window of whole seconds, half open. Default: the last five minutes that are complete. */
export const WindowQuery = {
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
};

export const Window = Type.Object({ from: Instant, to: Instant });

/** Silent hosts that are named; the others are counted. */
export const silentHostsMax = 20;

/** How far the sums of an answer can be relied on, beside the window itself. */
export const Completeness = {
  completeTo: Type.Union([Instant, Type.Null()], {
    description: 'Slots before this instant are in the sums, from every host asked for that is not silent.',
  }),
  silent: Type.Object(
    {
      count: Type.Integer({ minimum: 0 }),
      hosts: Type.Array(Type.Object({ host: Type.String(), since: Instant }), { maxItems: silentHostsMax }),
    },
    {
      description:
        'Hosts asked for of which nothing has come for staleAfterMs (health), since the end of their last slot; the longest silent are named. Their slots are missing, and come when they are back.',
    },
  ),
  revision: Type.Union([Instant, Type.Null()], {
    description:
      'When rows of the minutes of this window were last stored: since then no sum of it has changed. Later than an answer that was complete: rows came late, and the sums are another revision. null: not known (nothing stored, or before this was kept).',
  }),
};

/** How well a window is known. `expected` is the length of the window: it comes from the clock, never from rows. */
export const Coverage = Type.Object({
  expected: Type.Integer(),
  observed: Type.Integer(),
  bridged: Type.Integer({ description: 'Slots in gaps whose sum is known but not where in the gap it fell.' }),
  unknown: Type.Integer({ description: 'expected - observed - bridged; suspect ones included.' }),
  suspect: Type.Integer({ description: 'Slots with numbers that nothing uses (the clock stepped).' }),
});
export type Coverage = Static<typeof Coverage>;

export const Direction = Type.Union([
  Type.Literal('rx'),
  Type.Literal('tx'),
  Type.Literal('toGuest'),
  Type.Literal('fromGuest'),
]);
