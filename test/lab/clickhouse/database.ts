import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session } from 'chdb';
import { engineConfigXml } from '../../../server/store/embedded/engine-config.ts';
import { Exception } from './exception.ts';
import type { Request } from './request.ts';
import { killing, marked, quoted } from './statement.ts';

const sessionsMax = 64;

/**
 * chDB with a connection for each request: settings given to one statement would stay on a connection and act on the next
 * (a token made inserts vanish). A new connection costs some milliseconds. One with a session id is kept.
 */
export class Database {
  readonly #folder: string;
  readonly #root: Session;
  readonly #sessions = new Map<string, Session>();
  readonly #busy = new Set<string>();

  private constructor(folder: string, root: Session) {
    this.#folder = folder;
    this.#root = root;
  }

  static async open(folder: string, databases: readonly string[]): Promise<Database> {
    mkdirSync(folder, { recursive: true });
    const config = join(folder, 'engine.xml');
    writeFileSync(config, engineConfigXml());
    const database = new Database(folder, new Session(folder, { connectionArgs: [`--config-file=${config}`] }));
    for (const name of databases) await database.#root.queryAsync(`CREATE DATABASE IF NOT EXISTS ${name}`);
    return database;
  }

  async one(expression: string): Promise<string> {
    return (await this.#root.queryAsync(`SELECT ${expression}`, { format: 'TabSeparatedRaw' })).text().trimEnd();
  }

  /** Runs `work` on a connection that has the request's database, settings and parameters. */
  async with(request: Request, work: (session: Session) => Promise<void>): Promise<void> {
    const { sessionId } = request;
    if (this.#busy.has(sessionId)) throw new Exception(373, 'SESSION_IS_LOCKED', `Session ${sessionId} is locked.`);
    const session = this.#session(sessionId);
    if (sessionId !== '') this.#busy.add(sessionId);
    try {
      for (const sql of preparations(request)) await session.queryAsync(sql);
      await work(session);
    } finally {
      this.#busy.delete(sessionId);
      if (sessionId === '') session.close();
    }
  }

  async kill(queryId: string): Promise<void> {
    const session = new Session(this.#folder);
    await session.queryAsync(killing(queryId)).catch(() => undefined);
    session.close();
  }

  close(): void {
    for (const session of this.#sessions.values()) session.close();
    this.#root.close();
  }

  #session(id: string): Session {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const session = new Session(this.#folder);
    if (id === '') return session;
    this.#sessions.set(id, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > sessionsMax && oldest !== undefined && !this.#busy.has(oldest)) {
      this.#sessions.get(oldest)?.close();
      this.#sessions.delete(oldest);
    }
    return session;
  }
}

function preparations({ queryId, database, settings, parameters, isReadOnly }: Request): string[] {
  const name = (text: string) => {
    if (!/^\w+$/.test(text))
      throw new Exception(115, 'UNKNOWN_SETTING', `Setting ${text} is neither a builtin setting.`);
    return text;
  };
  const changes = [...parameters, ...settings].map(([key, value]) => `${name(key)} = ${quoted(value)}`);
  return [
    ...(database === '' ? [] : [`USE \`${database.replaceAll('`', '')}\``]),
    // As `clickhouse local` chDB takes an expression for a SELECT; a server does not.
    `SET ${['implicit_select = 0', ...changes].join(', ')}`,
    ...(isReadOnly ? ['SET readonly = 2'] : []),
  ].map((sql) => marked(`${queryId}-set`, sql));
}
