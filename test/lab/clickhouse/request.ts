import { createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';
import { Exception } from './exception.ts';
import { expectsBytes } from './statement.ts';

/** One request, its body read. */
export interface Request {
  readonly queryId: string;
  readonly sql: string;
  /** The bytes of an insert, in a file. */
  readonly path: string | undefined;
  readonly database: string;
  readonly sessionId: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly settings: ReadonlyMap<string, string>;
  readonly format: string;
  readonly isReadOnly: boolean;
  readonly waitsForEnd: boolean;
}

/** Parameters of a URL that are no settings. */
const reserved = new Set([
  ...['query', 'query_id', 'database', 'user', 'password', 'session_id', 'session_timeout', 'session_check', 'role'],
  ...['default_format', 'compress', 'decompress', 'wait_end_of_query', 'buffer_size', 'quota_key', 'close_session'],
]);
const textBytesMax = 64 * 1024 * 1024;
let files = 0;

export async function readRequest(incoming: IncomingMessage, folder: string): Promise<Request> {
  const url = new URL(incoming.url ?? '/', 'http://front');
  const { searchParams: given } = url;
  if (given.get('decompress') === '1') throw new Exception(48, 'NOT_IMPLEMENTED', 'native compression of a request.');
  const parts = new Map<string, string>();
  const body = decoded(incoming);
  const inUrl = given.get('query') ?? '';
  let sql = inUrl;
  let path: string | undefined;
  const boundary = /^multipart\/form-data;.*boundary=(?:"([^"]+)"|([^;]+))/.exec(
    incoming.headers['content-type'] ?? '',
  );
  if (boundary !== null) {
    for (const [name, value] of multipart(await textOf(body), boundary[1] ?? boundary[2] ?? '')) parts.set(name, value);
    sql = `${inUrl}${parts.get('query') ?? ''}`;
  } else if (expectsBytes(inUrl)) {
    path = join(folder, `body-${files++}`);
    await pipeline(body, createWriteStream(path));
  } else {
    const text = await textOf(body);
    sql = inUrl === '' || text === '' ? `${inUrl}${text}` : `${inUrl}\n${text}`;
  }
  const all = [...given, ...parts];
  return {
    queryId: given.get('query_id') ?? crypto.randomUUID(),
    sql,
    path,
    database: given.get('database') ?? header(incoming, 'x-clickhouse-database') ?? '',
    sessionId: given.get('session_id') ?? '',
    parameters: new Map(all.filter(([name]) => name.startsWith('param_'))),
    settings: new Map([...given].filter(([name]) => !reserved.has(name) && !name.startsWith('param_'))),
    format: given.get('default_format') ?? header(incoming, 'x-clickhouse-format') ?? 'TabSeparated',
    isReadOnly: incoming.method === 'GET',
    waitsForEnd: given.get('wait_end_of_query') === '1',
  };
}

export function header(incoming: IncomingMessage, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function decoded(incoming: IncomingMessage): Readable {
  const encoding = header(incoming, 'content-encoding') ?? '';
  const decoders = {
    gzip: createGunzip,
    zstd: createZstdDecompress,
    br: createBrotliDecompress,
    deflate: createInflate,
  };
  if (encoding === '') return incoming;
  const decoder = decoders[encoding as keyof typeof decoders]?.();
  if (decoder === undefined) throw new Exception(48, 'NOT_IMPLEMENTED', `a body encoded as ${encoding}.`);
  // A body that breaks off must not pass for a whole one.
  incoming.once('error', (error) => decoder.destroy(error));
  incoming.once('close', () => {
    if (!incoming.complete) decoder.destroy(new Error('the body broke off'));
  });
  return incoming.pipe(decoder);
}

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > textBytesMax) throw new Exception(62, 'SYNTAX_ERROR', 'Max query size exceeded.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function* multipart(text: string, boundary: string): Generator<readonly [string, string]> {
  for (const part of text.split(`--${boundary}`).slice(1, -1)) {
    const at = part.indexOf('\r\n\r\n');
    const name = /name="([^"]*)"/.exec(part.slice(0, at))?.[1];
    if (at >= 0 && name !== undefined) yield [name, part.slice(at + 4).replace(/\r\n$/, '')];
  }
}
