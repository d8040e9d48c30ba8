const comments = /^(\s+|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/;
const answers = /^(SELECT|WITH|SHOW|DESC|DESCRIBE|EXISTS|EXPLAIN|FROM|CHECK|VALUES|\()/i;
const insert = /^INSERT\s+INTO\b/i;

function bare(sql: string): string {
  return sql.replace(comments, '');
}

/** A statement with rows for an answer. */
export function hasRows(sql: string): boolean {
  return answers.test(bare(sql));
}

/** One whose rows chDB can give piece by piece: a document that is one whole (JSON) would come as several. */
export function canStream(sql: string, format: string): boolean {
  return /^(SELECT|WITH|FROM)\b/i.test(bare(sql)) && /EachRow|^CSV|^T(SV|abSeparated)|^RowBinary|^Custom/.test(format);
}

/** An insert whose rows are not in the statement. */
export function expectsBytes(sql: string): boolean {
  const text = bare(sql);
  return insert.test(text) && !/\b(SELECT|FROM\s+INFILE)\b/i.test(text) && !/\bVALUES\s*\(/i.test(text);
}

/** The insert, with its rows from a file: what has to stand before SETTINGS and FORMAT. */
export function fromFile(sql: string, path: string): string {
  const text = bare(sql).trim().replace(/;$/, '');
  const tail = /\s+(SETTINGS\s[\s\S]*?\s+)?(FORMAT\s+\w+|VALUES)(\s+SETTINGS\s[\s\S]*)?\s*$/i.exec(text);
  const at = tail?.index ?? text.length;
  const format = /\bFORMAT\s+\w+/i.exec(tail?.[2] ?? '')?.[0] ?? 'FORMAT Values';
  const settings = tail?.[1] ?? tail?.[3] ?? '';
  return `${text.slice(0, at)} FROM INFILE ${quoted(path)} ${settings.trim()} ${format}`;
}

/** The format that the statement names for its answer. */
export function formatOf(sql: string): string | undefined {
  return /\bFORMAT\s+(\w+)\s*(?:;|SETTINGS\s[\s\S]*)?\s*$/i.exec(sql)?.[1];
}

/** The only mark that chDB lets us put on a statement, and that `system.processes` shows: a comment before it. */
export function marked(queryId: string, sql: string): string {
  return `${markOf(queryId)} ${sql}`;
}

/** KILL QUERY by the id that the client chose, which chDB does not know. */
export function killByMark(sql: string): string {
  if (!/^KILL\s+QUERY\b/i.test(bare(sql))) return sql;
  return sql.replace(/\bquery_id\s*=\s*'([^']*)'/gi, (_, id: string) => `startsWith(query, ${quoted(markOf(id))})`);
}

export function killing(queryId: string): string {
  return `KILL QUERY WHERE startsWith(query, ${quoted(markOf(queryId))}) ASYNC`;
}

export function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function markOf(queryId: string): string {
  return `/*id:${queryId.replaceAll(/[^\w.:-]/g, '_')}*/`;
}
