import { Option } from 'commander';
import { FourninesError } from '../core/runtime/error.ts';
import { type ErrorCode, errorCatalogue } from '../core/runtime/error-catalogue.ts';
import { commandAgent } from '../server/api/road.ts';
import { loadConfig } from './config.ts';
import { productVersion } from './version.ts';

/** Verbs that ask the running server: the embedded stores belong to its process. */
export interface ServerOptions {
  readonly config?: string;
  readonly server?: string;
}

/** Nothing for so long: the server has stopped, or the network has. */
const silentMs = 60_000;

export const serverOption = () =>
  new Option('--server <url>', 'address of the running server; default: server.address and server.port').env(
    'FOURNINES_SERVER',
  );

export class ServerClient {
  readonly #base: string;

  constructor(options: ServerOptions) {
    this.#base = options.server === undefined ? baseOf(options.config) : checked(options.server);
  }

  /** The JSON answer to a GET below `/api/v1/`. */
  async json<T>(path: string): Promise<T> {
    const { response } = await this.#ask('GET', path);
    return (await reading(this.#base, response.json())) as T;
  }

  /** The JSON answer to a POST. */
  async post<T>(path: string, body?: unknown): Promise<T> {
    const { response } = await this.#ask('POST', path, body);
    return (await reading(this.#base, response.json())) as T;
  }

  /** The text of an answer as it comes. Ends only when all of it came; throws FN_SERVER_AWAY when it broke off. */
  async stream(
    path: string,
    method: 'GET' | 'POST' = 'GET',
  ): Promise<{ readonly headers: Headers; readonly text: AsyncGenerator<Uint8Array> }> {
    const { response, alive } = await this.#ask(method, path);
    return { headers: response.headers, text: piecesOf(this.#base, response, alive) };
  }

  async #ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ response: Response; alive: () => void }> {
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(), silentMs);
    timer.unref();
    const url = `${this.#base}/api/v1/${path}`;
    const agent = { 'user-agent': `${commandAgent}${productVersion}` };
    const sent =
      body === undefined
        ? { headers: agent }
        : { body: JSON.stringify(body), headers: { ...agent, 'content-type': 'application/json' } };
    const asked = fetch(url, { method, signal: silent.signal, redirect: 'error', ...sent });
    const response = await reading(this.#base, asked);
    if (!response.ok) throw problemOf(this.#base, response.status, await response.json().catch(() => null));
    return { response, alive: () => timer.refresh() };
  }
}

async function* piecesOf(base: string, response: Response, alive: () => void): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      const { done, value } = await reading(base, reader.read());
      if (done) return;
      alive();
      yield value;
    }
  } finally {
    // Whoever stops in mid-way ends the answer with it: an open one would keep this process.
    await reader?.cancel().catch(() => undefined);
  }
}

async function reading<T>(base: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new FourninesError('FN_SERVER_AWAY', `no answer from ${base}`, { cause, context: { server: base } });
  }
}

/** The server's own error, under its own code. */
function problemOf(base: string, status: number, body: unknown): FourninesError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
  const code = problem['code'];
  if (typeof code !== 'string' || !(code in errorCatalogue)) {
    const context = { server: base, status };
    return new FourninesError('FN_SERVER_AWAY', `what answers at ${base} is no Fournines server`, { context });
  }
  const hint = problem['hint'];
  return new FourninesError(
    code as ErrorCode,
    String(problem['detail'] ?? code),
    typeof hint === 'string' ? { hint } : {},
  );
}

function baseOf(config: string | undefined): string {
  const { address, port } = loadConfig(config, {}).server;
  const anyHere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
  const host = anyHere[address] ?? (address.includes(':') ? `[${address}]` : address);
  return `http://${host}:${port}`;
}

function checked(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, '');
  throw new FourninesError('FN_USAGE', `--server ${text} is not an address like http://127.0.0.1:8080`);
}
