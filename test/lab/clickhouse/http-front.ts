import { rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Session } from 'chdb';
import { Answer } from './answer.ts';
import type { Database } from './database.ts';
import { Exception, toldOf } from './exception.ts';
import { header, type Request, readRequest } from './request.ts';
import { canStream, formatOf, fromFile, hasRows, killByMark, marked } from './statement.ts';

export interface FrontOptions {
  readonly database: Database;
  /** For bodies on their way. */
  readonly folder: string;
  readonly port: number;
  /** Passwords by user. */
  readonly users: Readonly<Record<string, string>>;
  readonly version: string;
  readonly timezone: string;
  /** Key and certificate in one PEM; absent: no encryption. */
  readonly pem?: string | undefined;
}

/** The part of ClickHouse's HTTP interface that `@clickhouse/client` uses, over chDB. On loopback, for tests. */
export class HttpFront {
  readonly #options: FrontOptions;
  readonly #server: Server;
  readonly #running = new Set<string>();

  private constructor(options: FrontOptions) {
    this.#options = options;
    const serve = (incoming: IncomingMessage, response: ServerResponse) => void this.#serve(incoming, response);
    const { pem } = options;
    this.#server = pem === undefined ? createServer(serve) : createSecureServer({ key: pem, cert: pem }, serve);
    // As the real server says by default; clients must not send on a line that is just being closed.
    this.#server.keepAliveTimeout = 10_000;
    this.#server.requestTimeout = 0;
  }

  static async listen(options: FrontOptions): Promise<HttpFront> {
    const front = new HttpFront(options);
    await new Promise<void>((resolve, reject) => {
      front.#server.once('error', reject);
      front.#server.listen(options.port, '127.0.0.1', () => resolve());
    });
    return front;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(incoming.url ?? '/', 'http://front').pathname;
    response.on('error', () => undefined);
    if (path === '/ping') {
      response.end('Ok.\n');
      return;
    }
    if (path !== '/') {
      response.writeHead(404).end(`There is no handle ${path}\n`);
      return;
    }
    const given = new URL(incoming.url ?? '/', 'http://front').searchParams;
    const answer = new Answer(incoming, response, given.get('enable_http_compression') === '1');
    let request: Request | undefined;
    try {
      this.#authenticate(incoming, given);
      request = await readRequest(incoming, this.#options.folder);
      await this.#run(request, answer, response);
    } catch (error) {
      const { code, text } = toldOf(error, this.#options.version);
      if (!response.destroyed) answer.fail(code, text);
      // A body that nobody reads would stand in the way of the next request.
      incoming.resume();
    } finally {
      if (request?.path !== undefined) await rm(request.path, { force: true });
    }
  }

  #authenticate(incoming: IncomingMessage, given: URLSearchParams): void {
    const [scheme = '', token = ''] = (header(incoming, 'authorization') ?? '').split(' ');
    const [name = '', ...rest] = Buffer.from(token, 'base64').toString('utf8').split(':');
    const basic = scheme === 'Basic' ? { user: name, password: rest.join(':') } : undefined;
    const user = basic?.user ?? header(incoming, 'x-clickhouse-user') ?? given.get('user') ?? 'default';
    const password = basic?.password ?? header(incoming, 'x-clickhouse-key') ?? given.get('password') ?? '';
    if (scheme === 'Bearer' || this.#options.users[user] !== password) {
      const what = `${user}: Authentication failed: password is incorrect, or there is no user with such name.`;
      throw new Exception(516, 'AUTHENTICATION_FAILED', what);
    }
  }

  async #run(request: Request, answer: Answer, response: ServerResponse): Promise<void> {
    const { queryId, sql, path } = request;
    if (sql.trim() === '') throw new Exception(62, 'SYNTAX_ERROR', 'Syntax error: failed at position 1: empty query.');
    if (this.#running.has(queryId)) {
      throw new Exception(
        216,
        'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING',
        `Query with id = ${queryId} is already running.`,
      );
    }
    this.#running.add(queryId);
    const onClose = () => {
      if (!response.writableFinished && cancelsOnClose(request)) void this.#options.database.kill(queryId);
    };
    response.once('close', onClose);
    try {
      const format = (hasRows(sql) ? formatOf(sql) : undefined) ?? request.format;
      answer.head({ queryId, format, timezone: this.#options.timezone });
      const statement = marked(queryId, path === undefined ? killByMark(sql) : fromFile(sql, path));
      await this.#options.database.with(request, (session) => this.#execute(session, request, statement, answer));
      answer.end();
    } finally {
      this.#running.delete(queryId);
    }
  }

  async #execute(session: Session, request: Request, statement: string, answer: Answer): Promise<void> {
    const { format, waitsForEnd, sql } = request;
    const startedMs = performance.now();
    if (waitsForEnd || !canStream(sql, formatOf(sql) ?? format)) {
      const result = await session.queryAsync(statement, { format });
      const elapsedNs = Math.round((performance.now() - startedMs) * 1e6);
      const read = { read_rows: String(result.rowsRead), read_bytes: String(result.bytesRead) };
      answer.summary({ ...read, elapsed_ns: String(elapsedNs) });
      if (result.bytes().length > 0) await answer.write(result.bytes());
      return;
    }
    for await (const chunk of session.queryStream(statement, { format })) await answer.write(chunk.raw());
  }
}

function cancelsOnClose({ sql, settings, isReadOnly }: Request): boolean {
  // The real server looks after a client that may only read, and after no other.
  const mayOnlyRead = isReadOnly || Number(settings.get('readonly') ?? 0) > 0;
  return mayOnlyRead && settings.get('cancel_http_readonly_queries_on_client_close') === '1' && hasRows(sql);
}
