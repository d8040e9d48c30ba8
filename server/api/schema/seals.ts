import { type Static, Type } from 'typebox';
import { Count, Direction, Instant, page } from './common.ts';

export const Seal = Type.Object({
  host: Type.String(),
  port: Type.String(),
  direction: Direction,
  day: Type.String({ description: 'The UTC day.' }),
  revision: Type.Integer({ description: '1; more: rows of the day came after it was sealed.' }),
  entry: Type.Integer({ description: 'Number of the seal in the chain of its path, from 1.' }),
  sha256: Type.String({ description: 'Hash of the text of the seal.' }),
  previous: Type.Union([Type.String(), Type.Null()], { description: 'Hash of the entry before; null: the first.' }),
  lines: Type.Integer(),
  asides: Type.Integer({ description: 'Lines of rows that no slot can hold: causes told over several slots.' }),
  offered: Count,
  delivered: Count,
  offeredMax: Count,
  sealedAt: Instant,
});
export type Seal = Static<typeof Seal>;

export const SealPage = page(Seal);
export type SealPage = Static<typeof SealPage>;
