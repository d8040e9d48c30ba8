import { type Static, Type } from 'typebox';
import { type ObjectKind, objectKinds } from '../../objects/object.ts';
import { Instant, page } from './common.ts';

const Kind = Type.Unsafe<ObjectKind>(Type.Union(objectKinds.map((kind) => Type.Literal(kind))));
const Who = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[^\\u0000-\\u001f\\u007f]*$',
  description: 'Who does it: kept with every version.',
});
const Text = Type.String({ description: 'Documents in YAML, one behind the other.' });

export const ApplyBody = Type.Object(
  {
    documents: Type.Union(
      [
        Text,
        Type.Array(
          Type.Object(
            { name: Type.String({ minLength: 1, maxLength: 1000 }), text: Text },
            { additionalProperties: false },
          ),
          { minItems: 1, maxItems: 1000 },
        ),
      ],
      { description: 'A text, or files by name, which mistakes then tell.' },
    ),
    from: Type.Optional(Instant),
    dryRun: Type.Boolean({ default: false, description: 'Only says what would be done.' }),
    by: Who,
  },
  { additionalProperties: false },
);
export type ApplyBody = Static<typeof ApplyBody>;

export const AppliedObject = Type.Object({
  kind: Kind,
  name: Type.String(),
  change: Type.Union([
    Type.Literal('created'),
    Type.Literal('changed'),
    Type.Literal('unchanged'),
    Type.Literal('retired'),
  ]),
  version: Type.Integer({ description: 'The one that holds from then on; of what is retired the last one.' }),
  from: Type.Unsafe<string>({ ...Instant, description: 'Since when it holds; of what is retired, when it ends.' }),
  differences: Type.Array(
    Type.Object({
      path: Type.String({ description: 'Such as spec.objectives[0].target.' }),
      before: Type.Union([Type.String(), Type.Null()]),
      after: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});
export type AppliedObject = Static<typeof AppliedObject>;

export const Applied = Type.Object({
  dryRun: Type.Boolean(),
  changes: Type.Array(AppliedObject, { description: 'One for each document, in their order.' }),
});
export type Applied = Static<typeof Applied>;

export const ObjectPath = Type.Object(
  { kind: Kind, name: Type.String({ minLength: 1, maxLength: 255 }) },
  { additionalProperties: false },
);

const ObjectVersion = Type.Object({
  version: Type.Integer(),
  from: Instant,
  to: Type.Union([Instant, Type.Null()], {
    description: 'null: still. The same as from: it was replaced before it began, and never held.',
  }),
  document: Type.String({ description: 'As it can be applied again, YAML.' }),
  body: Type.Unknown({ description: 'What is hashed, in the canonical form of RFC 8785.' }),
  sha256: Type.String(),
  witness: Type.String({ description: 'Who applied it.' }),
  recordedAt: Instant,
});
export const ObjectVersionPage = page(ObjectVersion);
export type ObjectVersionPage = Static<typeof ObjectVersionPage>;
