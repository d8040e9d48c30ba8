import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import type { PresentAlert } from '../../../../server/api/schema/silences.ts';
import { useAlerts } from '../../api/silences.ts';
import { Badge } from '../../components/badge.tsx';
import type { Column } from '../../components/data-table.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { alertWords } from '../notification/model.ts';
import { FilteredList, TenantChoice } from '../shell/filtered-list.tsx';
import { SlaPage } from '../shell/sla-page.tsx';
import { TellingNav } from '../shell/telling-nav.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { alertName, alertRank, filterAlerts, quietTexts } from './model.ts';

export function AlertsPage() {
  const { search, zone } = useUrl();
  const alerts = useAlerts(search);
  return (
    <SlaPage title="What fires" time={`Times in ${zoneName(zone)}`}>
      <TellingNav />
      <QueryView query={alerts} what="alerts">
        {(items) =>
          items.length === 0 && search.tenant === undefined ? (
            <Empty title="No alerts">
              <p>
                No breach of a promise goes on, as far as is known. Alerts come of <Link to="/breaches">breaches</Link>,
                and the document of receivers says who is told of them.
              </p>
            </Empty>
          ) : (
            <List alerts={items}>
              <More {...alerts} shown={items.length} what="alerts" />
            </List>
          )
        }
      </QueryView>
    </SlaPage>
  );
}

function List({ alerts, children }: { readonly alerts: readonly PresentAlert[]; readonly children: ReactNode }) {
  const url = useUrl();
  const { zone, carried } = url;
  const columns = useMemo(() => columnsOf(zone, carried), [zone, carried]);
  const shown = filterAlerts(alerts, url.filter);
  return (
    <FilteredList
      title="Alerts"
      label="Alerts and who is not told of them"
      one="alert"
      choices={<TenantChoice label="Whose routes" all="the operator's" />}
      of={alerts.length}
      rows={shown}
      columns={columns}
      rowKey={({ fingerprint }) => fingerprint}
      defaultSort={{ id: 'state', desc: false }}
    >
      {children}
    </FilteredList>
  );
}

function columnsOf(zone: Zone, carried: Search): Column<PresentAlert>[] {
  return [
    {
      id: 'what',
      header: 'Alert',
      width: 2.4,
      sortBy: ({ labels }) => alertName(labels),
      cell: ({ labels, breach }) => (
        <>
          {breach === null ? (
            alertName(labels)
          ) : (
            <Link to="/breaches/$id" params={{ id: breach }} search={carried}>
              {alertName(labels)}
            </Link>
          )}
          <span className="second">
            {labels['service'] ?? 'no service'} · {labels['tenant'] ?? 'no tenant'}
          </span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 1.2,
      sortBy: alertRank,
      cell: ({ status, severity, isFlapping }) => (
        <>
          <WordBadge words={alertWords[status]} />
          <span className="second">
            {severity}
            {isFlapping ? ', comes and goes' : ''}
          </span>
        </>
      ),
    },
    {
      id: 'since',
      header: 'Since',
      numeric: true,
      width: 1.4,
      sortBy: ({ startsAt }) => startsAt,
      cell: ({ startsAt, endsAt }) => (
        <>
          {formatInstant(Date.parse(startsAt), zone)}
          {endsAt === null ? null : <span className="second">to {formatInstant(Date.parse(endsAt), zone)}</span>}
        </>
      ),
    },
    {
      id: 'told',
      header: 'Told',
      width: 1.8,
      sortBy: (alert) => quietTexts(alert).length,
      cell: (alert) => <Told alert={alert} carried={carried} />,
    },
    {
      id: 'by',
      header: 'Taken by',
      width: 1.2,
      sortBy: ({ acknowledgedBy }) => acknowledgedBy,
      cell: ({ acknowledgedBy }) => acknowledgedBy ?? <span className="muted">nobody</span>,
    },
  ];
}

/** Whether it is kept from those who would be told, and the way to keep it. */
function Told({ alert, carried }: { readonly alert: PresentAlert; readonly carried: Search }) {
  const texts = quietTexts(alert);
  return (
    <>
      {texts.length === 0 ? (
        'as the routes say'
      ) : (
        <Badge tone="warn" icon="stale">
          {texts.join(', ')}
        </Badge>
      )}
      <span className="second">
        <Silencing alert={alert} carried={carried} />
      </span>
    </>
  );
}

function Silencing({ alert, carried }: { readonly alert: PresentAlert; readonly carried: Search }) {
  const { labels, breach, silencedBy, status } = alert;
  const [first] = silencedBy;
  if (first !== undefined) {
    const which: Search = silencedBy.length === 1 ? { filter: first } : { state: 'active' };
    return (
      <Link to="/silences" search={{ ...carried, ...which }}>
        See what silences it
      </Link>
    );
  }
  if (status === 'resolved') return 'it is over';
  const { slo } = labels;
  const filled: Search = { ...(slo === undefined ? {} : { slo }), ...(breach === null ? {} : { breach }) };
  return (
    <Link to="/silences" search={{ ...carried, ...filled }}>
      Silence it
    </Link>
  );
}
