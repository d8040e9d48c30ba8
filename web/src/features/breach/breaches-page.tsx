import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import type { Breach } from '../../../../server/api/schema/breaches.ts';
import { useBreaches } from '../../api/breaches.ts';
import type { Column } from '../../components/data-table.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { FilteredList, StateChoice, TenantChoice } from '../shell/filtered-list.tsx';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import {
  breachStates,
  breachWords,
  filterBreaches,
  firstCauseText,
  lengthText,
  severityText,
  subjectText,
} from './model.ts';

export function BreachesPage() {
  const { search, zone } = useUrl();
  const breaches = useBreaches(search);
  const { slo, tenant, state, open } = search;
  const all = [slo, tenant, state, open].every((choice) => choice === undefined);
  return (
    <SlaPage title="Breaches" time={`Times in ${zoneName(zone)}`}>
      <QueryView query={breaches} what="breaches">
        {(items) =>
          items.length === 0 && all ? (
            <NoBreaches />
          ) : (
            <Breaches breaches={items}>
              <More {...breaches} shown={items.length} what="breaches" />
            </Breaches>
          )
        }
      </QueryView>
    </SlaPage>
  );
}

function Breaches({ breaches, children }: { readonly breaches: readonly Breach[]; readonly children: ReactNode }) {
  const url = useUrl();
  const now = Math.floor(url.nowMs() / 10_000) * 10_000;
  const { zone, carried } = url;
  const columns = useMemo(() => columnsOf(zone, carried, now), [zone, carried, now]);
  const shown = filterBreaches(breaches, url.filter);
  return (
    <FilteredList
      title="Breaches"
      label="Breaches and risks of them"
      one="breach"
      choices={
        <>
          {url.search.slo === undefined ? null : (
            <span>
              of <b>{url.search.slo}</b>{' '}
              <button type="button" className="quiet" onClick={() => url.choose('slo', '')}>
                show all objectives
              </button>
            </span>
          )}
          <label className="choice">
            <input
              type="checkbox"
              checked={url.search.open === 'true'}
              onChange={(event) => url.choose('open', event.target.checked ? 'true' : '')}
            />
            going on
          </label>
          <TenantChoice />
          <StateChoice states={breachStates} words={breachWords} />
        </>
      }
      of={breaches.length}
      rows={shown}
      columns={columns}
      rowKey={({ id }) => id}
      defaultSort={{ id: 'opened', desc: true }}
    >
      {children}
    </FilteredList>
  );
}

function columnsOf(zone: Zone, carried: Search, nowMs: number): Column<Breach>[] {
  return [
    {
      id: 'slo',
      header: 'Objective',
      width: 2,
      sortBy: ({ slo }) => slo,
      cell: ({ id, slo, service, tenant }) => (
        <>
          <Link to="/breaches/$id" params={{ id }} search={carried}>
            {slo}
          </Link>
          <span className="second">
            {service} · {tenant ?? 'no tenant'}
          </span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 1,
      sortBy: ({ state }) => breachStates.indexOf(state),
      cell: ({ state }) => <WordBadge words={breachWords[state]} />,
    },
    {
      id: 'subject',
      header: 'What',
      width: 2.4,
      sortBy: ({ subject }) => subject,
      cell: (breach) => (
        <>
          {subjectText(breach)}
          <span className="second">{severityText(breach)}</span>
        </>
      ),
    },
    {
      id: 'cause',
      header: 'Beside it',
      unit: 'likeliest',
      width: 1.6,
      sortBy: firstCauseText,
      cell: (breach) => {
        const text = firstCauseText(breach);
        const [first] = breach.causes;
        if (text === 'unknown') return <span className="unknown">{text}</span>;
        return (
          <>
            {text}
            <span className="second">
              {first?.host} {first?.port}
            </span>
          </>
        );
      },
    },
    {
      id: 'opened',
      header: 'Began',
      numeric: true,
      width: 1.6,
      sortBy: ({ openedAt }) => openedAt,
      cell: (breach) => (
        <>
          {formatInstant(Date.parse(breach.openedAt), zone)}
          <span className="second">{lengthText(breach, nowMs)}</span>
        </>
      ),
    },
    {
      id: 'by',
      header: 'Taken by',
      width: 1,
      sortBy: ({ acknowledgedBy }) => acknowledgedBy,
      cell: ({ acknowledgedBy }) => acknowledgedBy ?? <span className="muted">nobody</span>,
    },
  ];
}

function NoBreaches() {
  return (
    <Empty title="No breaches">
      <p>
        No promise was broken or came close to it. Promises are judged once there are objectives; see{' '}
        <Link to="/objectives">Objectives</Link>, or apply the first one:
      </p>
      <pre>
        <code>fournines slo apply -f acme.yaml</code>
      </pre>
    </Empty>
  );
}
