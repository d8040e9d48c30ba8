import type { Alert } from '../../alerts/alert.ts';
import { labelOf, type Matcher, matchesAll, seenLabels } from '../../alerts/state/matchers.ts';
import { goingOn, isSilenced } from '../../alerts/state/silence.ts';
import { hidesOthers, isFlapping, shownAlert, standingOf } from '../../alerts/state/standing.ts';
import type { AlertRecord } from '../../alerts/state/state.ts';
import type { AlertRecords, RecordQuery, StateHead } from '../control/alert-records.ts';

export interface PresentAlert {
  readonly alert: Alert;
  readonly isFlapping: boolean;
  readonly silencedBy: readonly string[];
  /** Fingerprints. */
  readonly hiddenBy: readonly string[];
}

export interface Preview {
  readonly known: number;
  readonly matched: number;
  /** The first of them. */
  readonly alerts: readonly Alert[];
}

const recordsAPage = 500;
const previewedMax = 100;
const hidersMax = 20;

type Store = Pick<AlertRecords, 'head' | 'list' | 'hiding'>;

/** What is kept of alerts, as the routes of a tenant (null: the operator) see it now. `now`: unix seconds. */
export async function presentAlerts(store: Store, query: RecordQuery, now: number): Promise<readonly PresentAlert[]> {
  const [head, records] = [await store.head(), await store.list(query)];
  const at = machineTime(head, now);
  const keys = [...new Set(records.flatMap(({ hiddenBy }) => hiddenBy))];
  const hiders = (await store.hiding(keys)).filter(
    (record) => hidesOthers(record, at) && isSeenBy(query.tenant, record),
  );
  const silences = goingOn(head.silences, now);
  return records.map((record) => {
    const seen = { tenant: query.tenant, labels: seenLabels(record.alert), now };
    return {
      alert: shownAlert(record, at),
      isFlapping: isFlapping(record, at),
      silencedBy: silences.filter((silence) => isSilenced([silence], seen)).map(({ id }) => id),
      hiddenBy: hiders
        .filter(({ hides }) => hides.some((key) => record.hiddenBy.includes(key)))
        .slice(0, hidersMax)
        .map(({ alert }) => alert.fingerprint),
    };
  });
}

/** Which alerts that fire now a silence would keep from its routes. */
export async function previewSilence(
  store: Store,
  { tenant, matchers }: { readonly tenant: string | null; readonly matchers: readonly Matcher[] },
  now: number,
): Promise<Preview> {
  const at = machineTime(await store.head(), now);
  const found: Alert[] = [];
  let [known, matched, after] = [0, 0, ''];
  for (;;) {
    const records = await store.list({ tenant, after, limit: recordsAPage });
    const firing = records.filter((record) => standingOf(record, at) === 'fires');
    const own = firing.filter(({ alert }) => matchesAll(matchers, seenLabels(alert)));
    known += firing.length;
    matched += own.length;
    found.push(...own.slice(0, previewedMax - found.length).map((record) => shownAlert(record, at)));
    after = records.at(-1)?.alert.fingerprint ?? after;
    if (records.length < recordsAPage) return { known, matched, alerts: found };
  }
}

/** The machine's clock never goes back. */
function machineTime({ clock }: StateHead, now: number): number {
  return now + clock.ahead + Math.max(0, clock.now - now);
}

function isSeenBy(tenant: string | null, { alert }: AlertRecord): boolean {
  return tenant === null || labelOf(alert.labels, 'tenant') === tenant;
}
