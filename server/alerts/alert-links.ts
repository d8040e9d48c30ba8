import type { AlertLinks } from '../../alerts/alert.ts';
import type { ChangeRow } from '../breach/change-row.ts';
import { isoOf } from '../slo/instant.ts';

/** What came before it is seen as well, s; and of a long story the last part, s, which a port's page can draw. */
const beforeSeconds = 300;
const rangeSecondsMax = 21_600;

type Linked = Pick<ChangeRow, 'breach' | 'entry' | 'evidence' | 'causes'> & {
  readonly record: Pick<ChangeRow['record'], 'openedAt'>;
};

/** Where to look: the range is the time of the breach up to this change, in the form that pages and the API share. */
export function alertLinks(row: Linked, changedAt: number): AlertLinks {
  const { breach, entry, evidence, causes, record } = row;
  const from = Math.max(record.openedAt - beforeSeconds, changedAt - rangeSecondsMax);
  const range = new URLSearchParams({ from: isoOf(from), to: isoOf(changedAt) });
  const at = causes.find(({ host, port }) => host !== '' && port !== '');
  return {
    page: `/breaches/${breach}?${range}`,
    evidence: evidence === null ? null : `/api/v1/breaches/${breach}/changes/${entry}/bundle`,
    ...(at === undefined ? {} : portLinks(at, range)),
  };
}

function portLinks({ host, port }: { readonly host: string; readonly port: string }, range: URLSearchParams) {
  const path = `/hosts/${encodeURIComponent(host)}/ports/${encodeURIComponent(port)}`;
  return {
    timeline: `${path}?${new URLSearchParams([['tab', 'timeline'], ...range])}`,
    explain: `/api/v1/explain?${new URLSearchParams([['host', host], ['port', port], ...range])}`,
  };
}
