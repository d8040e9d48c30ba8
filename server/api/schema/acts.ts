import { type Static, Type } from 'typebox';
import { actNames, roads } from '../../control/act-log.ts';
import { Instant, page } from './common.ts';

/** Without NUL, which no store takes. */
export const Who = Type.String({
  minLength: 1,
  maxLength: 200,
  pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$',
  description: 'Who does it, kept with it.',
});
export const Remark = Type.String({ maxLength: 2000, pattern: '^[^\\u0000]*$' });
/** One that says something. */
export const Words = Type.String({
  minLength: 1,
  maxLength: 2000,
  pattern: '^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$',
});
const Via = Type.Enum([...roads], {
  description:
    'By which road, as the request says: api, page, cli, or a link of a notification, which alone is proved by a seal.',
});

/** For acts that needed no body at first. */
export const DoneBy = Type.Union([
  Type.Object({ by: Type.Optional(Who), comment: Type.Optional(Remark) }, { additionalProperties: false }),
  Type.Null(),
]);
export type DoneBy = Static<typeof DoneBy>;

export const Act = Type.Object({
  ordinal: Type.String({ description: 'In the chain of all acts, from 1, without holes.' }),
  at: Instant,
  by: Type.String({ description: 'As they said who they are; empty: nobody said.' }),
  via: Via,
  act: Type.Enum([...actNames]),
  subject: Type.String({ description: 'Id of a silence or breach, name of a receiver.' }),
  comment: Type.String(),
  details: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Null()])),
  sha256: Type.String(),
  previous: Type.Union([Type.String(), Type.Null()], { description: 'Hash of the act before; null: the first.' }),
});
export type Act = Static<typeof Act>;

export const ActPage = Type.Object({
  ...page(Act).properties,
  chain: Type.Union([Type.Literal('holds'), Type.Literal('broken')], {
    description: 'Whether each act of this page has its hash and follows the act before it, listed or not.',
  }),
});
export type ActPage = Static<typeof ActPage>;

export const BreachComment = Type.Object({
  id: Type.String(),
  at: Instant,
  by: Type.String(),
  comment: Type.String(),
  via: Via,
});
export type BreachComment = Static<typeof BreachComment>;

export const BreachComments = Type.Object({
  items: Type.Array(BreachComment, { description: 'The first one first; a thousand at most.' }),
});
export type BreachComments = Static<typeof BreachComments>;

export const CommentBody = Type.Object({ by: Who, comment: Words }, { additionalProperties: false });
export type CommentBody = Static<typeof CommentBody>;
