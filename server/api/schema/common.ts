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
