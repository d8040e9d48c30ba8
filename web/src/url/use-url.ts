import { rootRouteId, useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useApp } from '../app-context.ts';
import type { Zone } from '../format/time.ts';
import { type Range, rangeOfSelection } from './range.ts';
import {
  type Choice,
  carried,
  parseSearch,
  rangeOf,
  type Search,
  type Sort,
  sortOf,
  sortText,
  withRange,
  zoneOf,
} from './search.ts';

export interface Url {
  readonly search: Search;
  /** For links to other pages. */
  readonly carried: Search;
  readonly range: Range;
  readonly zone: Zone;
  readonly filter: string;
  readonly sort: Sort | null;
  readonly nowMs: () => number;
  setRange(range: Range): void;
  select(fromSeconds: number, toSeconds: number): void;
  setFilter(filter: string): void;
  setSort(sort: Sort | null): void;
  setZone(zone: Zone): void;
  setTab(tab: string): void;
  /** Empty: no choice. */
  choose(name: Choice, value: string): void;
}

/** The state of the page that a link carries. */
export function useUrl(): Url {
  const { clock } = useApp();
  const search: Search = useSearch({ from: rootRouteId });
  const navigate = useNavigate();
  const go = useCallback(
    (next: (search: Search) => Search, replace: boolean) =>
      void navigate({ to: '.', search: (previous: Search) => next(previous), replace, resetScroll: false }),
    [navigate],
  );
  const setRange = (range: Range) => go((previous) => withRange(previous, range), false);
  return {
    search,
    carried: carried(search),
    range: rangeOf(search),
    zone: zoneOf(search),
    filter: search.filter ?? '',
    sort: sortOf(search),
    nowMs: clock.nowMs,
    setRange,
    select: (fromSeconds, toSeconds) => {
      const range = rangeOfSelection(fromSeconds, toSeconds);
      if (range !== null) setRange(range);
    },
    // Typing must not fill the history with a page for each letter.
    setFilter: (filter) => go((previous) => put(previous, 'filter', filter === '' ? undefined : filter), true),
    setSort: (sort) => go((previous) => put(previous, 'sort', sortText(sort)), true),
    setZone: (zone) => go((previous) => put(previous, 'zone', zone === 'local' ? 'local' : undefined), true),
    setTab: (tab) => go((previous) => put(carried(previous), 'tab', tab), false),
    choose: (name, value) =>
      go((previous) => parseSearch({ ...previous, [name]: value === '' ? undefined : value }), false),
  };
}

function put<K extends keyof Search>(search: Search, key: K, value: Search[K] | undefined): Search {
  const { [key]: _old, ...rest } = search;
  return value === undefined ? rest : { ...rest, [key]: value };
}
