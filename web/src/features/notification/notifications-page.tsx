import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import type { Delivery } from '../../../../server/api/schema/deliveries.ts';
import type { Receiver } from '../../../../server/api/schema/receivers.ts';
import { useAlerting } from '../../api/alerting.ts';
import { useDeliveries, useReceivers } from '../../api/deliveries.ts';
import { Choice } from '../../components/choice.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty } from '../../components/states.tsx';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import type { Search } from '../../url/search.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { TellingNav } from '../shell/telling-nav.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import {
  answerText,
  deliveryStates,
  filterDeliveries,
  latencyText,
  receiverRows,
  secondText,
  stateWords,
  summaryText,
} from './model.ts';
import { ReceiversPanel } from './receivers-panel.tsx';
import { TemplatePanel } from './template-panel.tsx';

export function NotificationsPage() {
  const { search, zone } = useUrl();
  const { receiver, tenant, state } = search;
  const deliveries = useDeliveries(search);
  const receivers = useReceivers();
  const alerting = useAlerting();
  const all = [receiver, tenant, state].every((choice) => choice === undefined);
  return (
    <SlaPage title="Notifications" time={`Times in ${zoneName(zone)}`}>
      <TellingNav />
      <QueryView query={deliveries} what="notifications">
        {(items) =>
          items.length === 0 && all ? (
            <NoNotifications />
          ) : (
            <Log deliveries={items} receivers={receivers.data?.items ?? []}>
              <More {...deliveries} shown={items.length} what="notifications" />
            </Log>
          )
        }
      </QueryView>
      <QueryView query={receivers} what="receivers">
        {({ items }) => (
          <QueryView query={alerting} what="the document of receivers">
            {(document) => {
              const rows = receiverRows(items, document.receivers);
              return rows.length === 0 ? null : <ReceiversPanel receivers={rows} />;
            }}
          </QueryView>
        )}
      </QueryView>
      <TemplatePanel />
    </SlaPage>
  );
}

function Log(props: {
  readonly deliveries: readonly Delivery[];
  readonly receivers: readonly Receiver[];
  readonly children: ReactNode;
}) {
  const { deliveries, receivers, children } = props;
  const url = useUrl();
  const { zone, carried } = url;
  const columns = useMemo(() => columnsOf(zone, carried), [zone, carried]);
  const shown = filterDeliveries(deliveries, url.filter);
  return (
    <section className="panel" aria-label="What was told to whom">
      <header className="panel-head">
        <h2>Delivery log</h2>
        <div className="choices">
          {url.search.tenant === undefined ? null : (
            <span>
              for <b>{url.search.tenant}</b>{' '}
              <button type="button" className="quiet" onClick={() => url.choose('tenant', '')}>
                show all tenants
              </button>
            </span>
          )}
          <Choice
            label="Receiver"
            all="all receivers"
            value={url.search.receiver ?? ''}
            options={receivers.map(({ name }) => [name, name])}
            choose={(receiver) => url.choose('receiver', receiver)}
          />
          <Choice
            label="State"
            all="all states"
            value={url.search.state ?? ''}
            options={deliveryStates.map((state) => [state, stateWords[state].name])}
            choose={(state) => url.choose('state', state)}
          />
          <FilterBox label="Filter notifications" shown={shown.length} of={deliveries.length} />
        </div>
      </header>
      <DataTable
        caption="Notifications"
        columns={columns}
        rows={shown}
        rowKey={({ id }) => id}
        sort={url.sort}
        defaultSort={{ id: 'decided', desc: true }}
        onSort={url.setSort}
        minWidth={1080}
        tall
      />
      {shown.length === 0 ? <p className="none">No notification fits.</p> : null}
      {children}
    </section>
  );
}

function columnsOf(zone: Zone, carried: Search): Column<Delivery>[] {
  return [
    {
      id: 'what',
      header: 'What',
      width: 3,
      sortBy: ({ summary }) => summary,
      cell: (delivery) => (
        <>
          <Link to="/notifications/$id" params={{ id: delivery.id }} search={carried}>
            {summaryText(delivery)}
          </Link>
          <span className="second">{secondText(delivery)}</span>
        </>
      ),
    },
    {
      id: 'receiver',
      header: 'Receiver',
      width: 1.2,
      sortBy: ({ receiver }) => receiver,
      cell: ({ receiver, tenant }) => (
        <>
          {receiver}
          <span className="second">{tenant ?? 'no tenant'}</span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 1.3,
      sortBy: ({ state }) => deliveryStates.indexOf(state),
      cell: ({ state, code }) => (
        <>
          <WordBadge words={stateWords[state]} />
          {code === '' ? null : <span className="second">{code}</span>}
        </>
      ),
    },
    {
      id: 'attempts',
      header: 'Attempts',
      numeric: true,
      width: 1,
      sortBy: ({ attempts }) => attempts,
      cell: (delivery) => (
        <>
          {delivery.attempts}
          <span className="second">{answerText(delivery)}</span>
        </>
      ),
    },
    {
      id: 'latency',
      header: 'Latency',
      unit: 'of the last',
      numeric: true,
      width: 1,
      sortBy: ({ last }) => last?.latencyMs ?? null,
      cell: ({ last }) => latencyText(last) ?? <span className="muted">none</span>,
    },
    {
      id: 'decided',
      header: 'Decided',
      numeric: true,
      width: 1.3,
      sortBy: ({ decidedAt }) => decidedAt,
      cell: ({ decidedAt }) => formatInstant(Date.parse(decidedAt), zone),
    },
  ];
}

function NoNotifications() {
  return (
    <Empty title="No notifications">
      <p>
        Nobody was told of anything yet. Receivers are told when a promise is broken or comes close to it; promises are
        judged once there are <Link to="/objectives">objectives</Link>:
      </p>
      <pre>
        <code>fournines slo apply -f acme.yaml</code>
      </pre>
    </Empty>
  );
}
