import type { Problem } from '../../../server/api/schema/common.ts';

/** What went wrong, in the form the server gives it; the page makes one itself when no server answered. */
export class ApiError extends Error {
  readonly problem: Problem;
  readonly retryable: boolean;

  constructor(problem: Problem, retryable: boolean, cause?: unknown) {
    super(problem.detail, { cause });
    this.name = 'ApiError';
    this.problem = problem;
    this.retryable = retryable;
  }
}

export type Params = Readonly<Record<string, string | undefined>>;

/** Items a page, the most the server gives: 10,000 ports are 20 requests. */
const pageItems = '1000';
const requestTimeoutMs = 20_000;

export function apiPath(segments: readonly string[], params: Params = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined) query.set(name, value);
  }
  const path = `/api/v1/${segments.map(encodeURIComponent).join('/')}`;
  return query.size === 0 ? path : `${path}?${query}`;
}

export function getJson<T>(path: string, signal: AbortSignal): Promise<T> {
  return askJson<T>(path, { signal });
}

/** Asks for a change; never tried again by itself. */
export function postJson<T>(segments: readonly string[], body: unknown): Promise<T> {
  const headers = { 'content-type': 'application/json' };
  const signal = new AbortController().signal;
  return askJson<T>(apiPath(segments), { method: 'POST', body: JSON.stringify(body), headers, signal });
}

interface Ask {
  readonly signal: AbortSignal;
  readonly method?: 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The answer is trusted to have the shape of the schema: page and server are built from the same commit. */
async function askJson<T>(path: string, { signal, headers, ...ask }: Ask): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...ask,
      headers: { accept: 'application/json, application/problem+json', ...headers },
      signal: AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)]),
    });
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw unreachable(cause);
  }
  const body: unknown = await response.json().catch(() => null);
  // Health answers 503 with a health document: that is an answer, not a failure to answer.
  if (response.ok || (response.status === 503 && hasText(body, 'startedAt'))) return body as T;
  throw new ApiError(problemOf(body, response), response.status >= 500 || response.status === 429);
}

/** All pages, joined; the rest of the answer (window, watermark) is that of the first page. */
export async function getPages<Item, Page extends { items: Item[]; nextCursor: string | null }>(
  segments: readonly string[],
  params: Params,
  signal: AbortSignal,
): Promise<Page> {
  const first = await getJson<Page>(apiPath(segments, { ...params, limit: pageItems }), signal);
  const items = [...first.items];
  let cursor = first.nextCursor;
  while (cursor !== null) {
    const next: Page = await getJson<Page>(apiPath(segments, { ...params, limit: pageItems, cursor }), signal);
    items.push(...next.items);
    if (next.nextCursor === cursor) break;
    cursor = next.nextCursor;
  }
  return { ...first, items, nextCursor: null };
}

function problemOf(body: unknown, response: Response): Problem {
  if (hasText(body, 'code') && hasText(body, 'detail') && hasText(body, 'title')) {
    return { type: 'about:blank', status: response.status, hint: '', ...body };
  }
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    code: 'PAGE_BAD_ANSWER',
    detail: `The server answered ${response.status} without a problem document.`,
    hint: 'A proxy between this page and the server may have answered in its place.',
  };
}

function unreachable(cause: unknown): ApiError {
  const problem: Problem = {
    type: 'about:blank',
    title: 'No answer',
    status: 0,
    code: 'PAGE_NO_ANSWER',
    detail: 'The server did not answer.',
    hint: 'Check that it runs and that this machine can reach it.',
  };
  return new ApiError(problem, true, cause);
}

function hasText<K extends string>(value: unknown, key: K): value is Record<K, string> {
  return typeof value === 'object' && value !== null && key in value && typeof Reflect.get(value, key) === 'string';
}
