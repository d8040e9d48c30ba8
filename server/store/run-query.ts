import { type Static, type TObject, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { assert, FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { Engine, QueryParameter } from './engine.ts';

/** 64-bit integers cross as decimal digits. */
export const UInt64 = Type.String({ pattern: '^[0-9]+$' });
export const UInt32 = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const UInt8 = Type.Integer({ minimum: 0, maximum: 0xff });
export const UInt16 = Type.Integer({ minimum: 0, maximum: 0xffff });
export const Text = Type.String();

/** The ClickHouse types a parameter may have, as they stand in the SQL: `{host:String}`. */
type ParameterType = 'String' | 'UInt8' | 'UInt16' | 'UInt32';
export type ParametersOf<P extends Readonly<Record<string, ParameterType>>> = {
  readonly [N in keyof P]: P[N] extends 'String' ? string : number;
};

/** One question to the store: one file in `queries/`. */
export interface NamedQuery<P extends Readonly<Record<string, ParameterType>>, R extends TObject> {
  /** Goes into the engine's log comment and our metric label. */
  readonly name: string;
  /** Without SETTINGS and FORMAT: `runQuery` adds both. */
  readonly sql: string;
  readonly parameters: P;
  readonly row: R;
  readonly deadlineMs: number;
  /** More rows than this are an error (FN_STORE), not a cut: each query has a LIMIT or a key that bounds it. */
  readonly rowsMax: number;
}

export type RowsOf<Q> =
  Q extends NamedQuery<Readonly<Record<string, ParameterType>>, infer R> ? readonly Static<R>[] : never;

/** Told of each query when it ended; `code` is empty when it went well. */
export type QueryObserver = (ended: { name: string; durationMs: number; rows: number; code: string }) => void;

export interface QueryContext {
  readonly engine: Engine;
  readonly observe?: QueryObserver;
  readonly signal?: AbortSignal;
}

export function defineQuery<const P extends Readonly<Record<string, ParameterType>>, const R extends TObject>(
  query: NamedQuery<P, R>,
): NamedQuery<P, R> {
  assert(/^[a-z0-9-]+$/.test(query.name), 'a plain query name');
  return query;
}

/** The one way a query runs: bounds in its SETTINGS clause, every row checked against the schema. */
export async function runQuery<P extends Readonly<Record<string, ParameterType>>, R extends TObject>(
  { engine, observe, signal }: QueryContext,
  query: NamedQuery<P, R>,
  parameters: ParametersOf<P>,
): Promise<readonly Static<R>[]> {
  const startedAtMs = performance.now();
  const ended = (rows: number, code: string) =>
    observe?.({ name: query.name, durationMs: performance.now() - startedAtMs, rows, code });
  try {
    const rows = await engine.query(statementOf(query), parameters as Readonly<Record<string, QueryParameter>>, {
      deadlineMs: query.deadlineMs,
      ...(signal === undefined ? {} : { signal }),
    });
    const checked = checkRows(query, rows);
    ended(checked.length, '');
    return checked;
  } catch (error) {
    ended(0, signal?.aborted ? 'aborted' : toFourninesError(error).code);
    throw error;
  }
}

function statementOf({
  name,
  sql,
  deadlineMs,
  rowsMax,
}: Pick<NamedQuery<never, TObject>, 'name' | 'sql' | 'deadlineMs' | 'rowsMax'>): string {
  return (
    `${sql}\nSETTINGS log_comment = '${name}', max_execution_time = ${deadlineMs / 1000}, ` +
    `max_result_rows = ${rowsMax}, result_overflow_mode = 'throw', output_format_json_quote_64bit_integers = 1`
  );
}

const checks = new WeakMap<TObject, (row: unknown) => boolean>();

function checkRows<R extends TObject>(query: { name: string; row: R }, rows: readonly unknown[]): readonly Static<R>[] {
  let check = checks.get(query.row);
  if (check === undefined) {
    const compiled = Compile(query.row);
    check = (row) => compiled.Check(row);
    checks.set(query.row, check);
  }
  if (!rows.every(check)) {
    throw new FourninesError('FN_INTERNAL', `a row of ${query.name} does not have its schema`, {
      context: { query: query.name },
    });
  }
  return rows as readonly Static<R>[];
}
