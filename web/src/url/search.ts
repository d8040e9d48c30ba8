import type { Zone } from '../format/time.ts';
import { defaultRange, isPreset, type Range } from './range.ts';

/** What stands behind the `?` of every page. One parser for all of them, so that a link keeps its meaning anywhere. */
export interface Search {
  /** Relative: `5m`. Wins over nothing: `from` and `to` win over it. */
  range?: string;
  /** RFC 3339, whole seconds, both or none. */
  from?: string;
  to?: string;
  filter?: string;
  /** `column` ascending, `-column` descending. */
  sort?: string;
  zone?: 'local';
  tab?: string;
  /** Which rows the server is asked for: names of its own, and a month as `YYYY-MM`. */
  tenant?: string;
  service?: string;
  slo?: string;
  receiver?: string;
  /** Id of a breach. */
  breach?: string;
  /** What was done, and to what. */
  act?: string;
  subject?: string;
  state?: string;
  month?: string;
  /** Breaches that go on. */
  open?: 'true';
  /** The step of a timeline that is looked at, RFC 3339. */
  at?: string;
  /** One queue of the rings of a port. */
  queue?: string;
  /** Stalls that may have lasted so long, ms. */
  least?: string;
}

const names = ['tenant', 'service', 'slo', 'receiver', 'breach', 'act', 'subject'] as const;

export type Choice = (typeof names)[number] | 'state' | 'month' | 'open' | 'at' | 'queue' | 'least';

export interface Sort {
  readonly id: string;
  readonly desc: boolean;
}

const filterCharsMax = 200;
const choiceCharsMax = 255;
const leastPattern = /^[1-9]\d{0,5}$/;
const queuePattern = /^(0|[1-9]\d{0,4})$/;
const monthPattern = /^\d{4}-(0[1-9]|1[0-2])$/;
const namePattern = /^[a-z][a-zA-Z]{0,39}$/;
const sortPattern = /^-?[a-z][a-zA-Z]{0,39}$/;

/** Never throws: what does not fit is left out, because a mistyped link must still open. */
export function parseSearch(raw: Record<string, unknown>): Search {
  const search: Search = {};
  const from = secondsOf(raw['from']);
  const to = secondsOf(raw['to']);
  if (from !== null && to !== null && to > from) {
    search.from = instantOf(from);
    search.to = instantOf(to);
  } else if (isPreset(raw['range'])) {
    search.range = raw['range'];
  }
  const filter = raw['filter'];
  if (typeof filter === 'string' && filter !== '') search.filter = filter.slice(0, filterCharsMax);
  const sort = raw['sort'];
  if (typeof sort === 'string' && sortPattern.test(sort)) search.sort = sort;
  if (raw['zone'] === 'local') search.zone = 'local';
  const tab = raw['tab'];
  if (typeof tab === 'string' && namePattern.test(tab)) search.tab = tab;
  for (const name of names) {
    const value = raw[name];
    if (typeof value === 'string' && value !== '' && value.length <= choiceCharsMax) search[name] = value;
  }
  const state = raw['state'];
  if (typeof state === 'string' && namePattern.test(state)) search.state = state;
  const month = raw['month'];
  if (typeof month === 'string' && monthPattern.test(month)) search.month = month;
  if (raw['open'] === 'true') search.open = 'true';
  const at = secondsOf(raw['at']);
  if (at !== null) search.at = instantOf(at);
  const queue = raw['queue'];
  if (typeof queue === 'string' && queuePattern.test(queue)) search.queue = queue;
  const least = raw['least'];
  if (typeof least === 'string' && leastPattern.test(least)) search.least = least;
  return search;
}

/** The query string without JSON quoting, which the router's own form would add to `filter=123`. */
export function searchFromString(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text));
}

export function searchToString(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') params.set(name, value);
  }
  // A colon is legal in a query; as %3A an instant cannot be read by a person.
  const text = params.toString().replaceAll('%3A', ':');
  return text === '' ? '' : `?${text}`;
}

export function rangeOf(search: Search): Range {
  const from = secondsOf(search.from);
  const to = secondsOf(search.to);
  if (from !== null && to !== null) return { kind: 'absolute', fromSeconds: from, toSeconds: to };
  return isPreset(search.range) ? { kind: 'relative', last: search.range } : defaultRange;
}

export function withRange(search: Search, range: Range): Search {
  const { range: _range, from: _from, to: _to, ...rest } = search;
  if (range.kind === 'relative') return { ...rest, range: range.last };
  return { ...rest, from: instantOf(range.fromSeconds), to: instantOf(range.toSeconds) };
}

/** What a link to another page takes along: when and how, not which rows. */
export function carried({ range, from, to, zone }: Search): Search {
  return Object.fromEntries(Object.entries({ range, from, to, zone }).filter(([, value]) => value !== undefined));
}

/** Unix second of the step that is looked at; null: none. */
export function pinOf({ at }: Search): number | null {
  return secondsOf(at);
}

export function sortOf(search: Search): Sort | null {
  if (search.sort === undefined) return null;
  return search.sort.startsWith('-') ? { id: search.sort.slice(1), desc: true } : { id: search.sort, desc: false };
}

export function sortText(sort: Sort | null): string | undefined {
  return sort === null ? undefined : `${sort.desc ? '-' : ''}${sort.id}`;
}

export function zoneOf(search: Search): Zone {
  return search.zone === 'local' ? 'local' : 'utc';
}

export function instantOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
}

function secondsOf(value: unknown): number | null {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}T/.test(value)) return null;
  const atMs = Date.parse(value);
  return Number.isNaN(atMs) ? null : Math.floor(atMs / 1_000);
}
