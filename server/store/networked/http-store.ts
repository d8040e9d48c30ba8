import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import { type ClickHouseClient, ClickHouseLogLevel, createClient, parseError } from '@clickhouse/client';
import { FourninesError, systemCode } from '../../../core/runtime/error.ts';
import type { QueryParameters } from '../engine.ts';
import type { RawStoreError } from '../store-error.ts';

export interface HttpStoreOptions {
  /** http://host:port or https://host:port */
  readonly url: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  /** PEM of the authority that signed the server's certificate; none: those the runtime trusts. */
  readonly ca: string | undefined;
  /** Of what is sent. */
  readonly compression: 'zstd' | 'gzip' | 'none';
  readonly connectionsMax: number;
}

export interface Ask {
  readonly queryId: string;
  readonly signal: AbortSignal;
}

/** Of one answer; a query has a bound in rows well below it. */
const answerBytesMax = 256 * 1024 * 1024;
const errorBytesMax = 64 * 1024;
/** Each call has a deadline of its own; this one is the client's and only ends what nobody waits for. */
const requestTimeoutMs = 3_600_000;
const exceptionHeader = 'x-clickhouse-exception-code';
const queryIdHeader = 'x-clickhouse-query-id';

/**
 * The same for every statement of every connection, so nothing depends on which statement goes where. What one statement
 * needs for itself stands in its SETTINGS clause.
 */
const connectionSettings = {
  output_format_json_quote_64bit_integers: 1,
  // The answer begins when it is whole: an error never comes behind the first rows of what then is no answer.
  wait_end_of_query: 1,
  async_insert: 0,
} as const;

/** What a ClickHouse on a network answered, or why nothing came. */
export class CarriedError extends Error {
  readonly raw: RawStoreError;

  constructor(raw: RawStoreError, cause?: unknown) {
    super(raw.message, { cause });
    this.raw = raw;
  }
}

/** Statements over ClickHouse's HTTP interface. Rejects with CarriedError, or FN_STORE, FN_STORE_TOO_MUCH of our own. */
export class HttpStore {
  readonly #client: ClickHouseClient;

  constructor({ url, database, user, password, ca, compression, connectionsMax }: HttpStoreOptions) {
    this.#client = createClient({
      url,
      database,
      username: user,
      password,
      application: 'fournines',
      request_timeout: requestTimeoutMs,
      max_open_connections: connectionsMax,
      // Fast levels: the road is a local network, the columns are repetitive.
      compression: { request: compression === 'none' ? false : { codec: compression, level: 1 }, response: false },
      keep_alive: { enabled: true, eagerly_destroy_stale_sockets: true },
      clickhouse_settings: connectionSettings,
      log: { level: ClickHouseLogLevel.OFF },
      ...(ca === undefined ? {} : { tls: { ca_cert: Buffer.from(ca) } }),
    });
  }

  /** The answer as text, in the format that the statement names. */
  async ask(query: string, parameters: QueryParameters, { queryId, signal }: Ask): Promise<string> {
    return this.#answer(
      () =>
        this.#client.exec({
          query,
          query_params: { ...parameters },
          query_id: queryId,
          abort_signal: signal,
          ignore_error_response: true,
        }),
      { queryId, signal },
    );
  }

  /** Sends the bytes of a file behind a statement. */
  async send(query: string, path: string, { queryId, signal }: Ask): Promise<void> {
    const file = await opened(path);
    try {
      const values = file.createReadStream({ autoClose: false });
      await this.#answer(
        () =>
          this.#client.exec({ query, values, query_id: queryId, abort_signal: signal, ignore_error_response: true }),
        { queryId, signal },
      );
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #answer(request: () => Promise<Answer>, { queryId, signal }: Ask): Promise<string> {
    try {
      const { stream, response_headers: headers, http_status_code: status = 0 } = await request();
      // The client listens to the signal only until the answer begins.
      addAbortSignal(signal, stream);
      const code = headers[exceptionHeader];
      if (code === undefined && status >= 200 && status < 300) {
        if (isAnswerTo(queryId, headers)) return await textOf(stream, answerBytesMax);
        stream.destroy();
        throw new CarriedError({
          code: '',
          type: `HTTP ${status}`,
          message: 'what answered is not the ClickHouse that was asked',
        });
      }
      throw errorOf(String(code ?? ''), status, await textOf(stream, errorBytesMax));
    } catch (error) {
      if (error instanceof CarriedError || error instanceof FourninesError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new CarriedError({ code: systemCode(error) ?? '', type: '', message }, error);
    }
  }
}

interface Answer {
  readonly stream: Readable;
  readonly response_headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly http_status_code?: number;
}

/** A gateway that is friendly to everybody must not make rows pass for stored. */
function isAnswerTo(queryId: string, headers: Answer['response_headers']): boolean {
  const named = headers[queryIdHeader];
  return named === undefined
    ? Object.keys(headers).some((name) => name.startsWith('x-clickhouse-'))
    : named === queryId;
}

/** The number is the header's; the text only tells people more. */
function errorOf(code: string, status: number, text: string): CarriedError {
  const parsed = parseError(text);
  const type = 'type' in parsed ? (parsed.type ?? '') : '';
  return new CarriedError({
    code,
    type: type === '' ? `HTTP ${status}` : type,
    message: parsed.message.trim() || `HTTP ${status}`,
  });
}

async function textOf(stream: Readable, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw new FourninesError('FN_STORE_TOO_MUCH', `the answer has more than ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw new FourninesError('FN_STORE', 'the file to be stored cannot be read', {
      cause: error,
      context: { path, systemCode: systemCode(error) ?? '' },
    });
  }
}
