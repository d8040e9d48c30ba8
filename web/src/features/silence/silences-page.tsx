import { type ReactNode, useMemo, useState } from 'react';
import type { Silence } from '../../../../server/api/schema/silences.ts';
import { useEndSilence, useSilences } from '../../api/silences.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import type { Column } from '../../components/data-table.tsx';
import { More } from '../../components/more.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, Failure } from '../../components/states.tsx';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { FilteredList, StateChoice, TenantChoice } from '../shell/filtered-list.tsx';
import { SlaPage } from '../shell/sla-page.tsx';
import { TellingNav } from '../shell/telling-nav.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { canEnd, endOf, filterSilences, silenceStates, silenceWords, timesText } from './model.ts';
import { SilenceForm } from './silence-form.tsx';

export function SilencesPage() {
  const { search, zone } = useUrl();
  const { tenant, state, slo, breach } = search;
  const silences = useSilences(search);
  // A link from a breach leads to the form, filled in.
  const [making, setMaking] = useState(slo !== undefined || breach !== undefined);
  return (
    <SlaPage title="Silences" time={`Times in ${zoneName(zone)}`}>
      <TellingNav />
      <p className="page-action">
        <button type="button" className="primary" aria-expanded={making} onClick={() => setMaking(!making)}>
          Make a silence
        </button>
      </p>
      {making ? <SilenceForm /> : null}
      <QueryView query={silences} what="silences">
        {(items) =>
          items.length === 0 && tenant === undefined && state === undefined ? (
            <Empty title="No silences">
              <p>
                Whatever fires is told. For the time of a repair or a planned stop, make a silence of what it touches.
              </p>
            </Empty>
          ) : (
            <List silences={items}>
              <More {...silences} shown={items.length} what="silences" />
            </List>
          )
        }
      </QueryView>
    </SlaPage>
  );
}

function List({ silences, children }: { readonly silences: readonly Silence[]; readonly children: ReactNode }) {
  const url = useUrl();
  const { zone } = url;
  const { isPending, mutate, isSuccess, error } = useEndSilence();
  const columns = useMemo(
    () =>
      columnsOf(zone, (silence) =>
        canEnd(silence) ? (
          <ConfirmButton
            text="End"
            label={`End the silence of ${silence.matchers.join(', ')}`}
            title="End this silence?"
            pending={isPending}
            confirm={(said) => mutate({ id: silence.id, ...said })}
          >
            What fires and matches {silence.matchers.join(', ')} is told again from now on.
          </ConfirmButton>
        ) : (
          <span className="muted">none</span>
        ),
      ),
    [zone, isPending, mutate],
  );
  const shown = filterSilences(silences, url.filter);
  return (
    <FilteredList
      title="Silences"
      label="Times in which some alerts are told to nobody"
      one="silence"
      caption="Silences, one by one"
      choices={
        <>
          <TenantChoice />
          <StateChoice states={silenceStates} words={silenceWords} />
        </>
      }
      of={silences.length}
      rows={shown}
      columns={columns}
      rowKey={({ id }) => id}
      defaultSort={{ id: 'state', desc: false }}
    >
      {isSuccess ? (
        <p className="none" role="status">
          It is ended: what fires is told again.
        </p>
      ) : null}
      {error === null ? null : <Failure error={error} />}
      {children}
    </FilteredList>
  );
}

function columnsOf(zone: Zone, action: (silence: Silence) => ReactNode): Column<Silence>[] {
  return [
    {
      id: 'what',
      header: 'What it matches',
      width: 2.4,
      sortBy: ({ matchers }) => matchers.join(', '),
      cell: ({ matchers, tenant }) => (
        <>
          <code>{matchers.join(', ')}</code>
          <span className="second">{tenant === null ? "the operator's routes" : `routes of ${tenant}`}</span>
        </>
      ),
    },
    {
      id: 'state',
      header: 'State',
      width: 0.9,
      sortBy: ({ state }) => silenceStates.indexOf(state),
      cell: ({ state }) => <WordBadge words={silenceWords[state]} />,
    },
    {
      id: 'until',
      header: 'Until',
      numeric: true,
      width: 2.2,
      sortBy: endOf,
      cell: (silence) => (
        <>
          {formatInstant(Date.parse(endOf(silence)), zone)}
          <span className="second" title={timesText(silence, zone)}>
            {timesText(silence, zone)}
          </span>
        </>
      ),
    },
    {
      id: 'by',
      header: 'Made by',
      width: 2,
      sortBy: ({ by }) => by,
      cell: ({ by, comment }) => (
        <>
          {by}
          <span className="second" title={comment}>
            {comment}
          </span>
        </>
      ),
    },
    { id: 'action', header: 'Action', width: 0.8, sortBy: ({ state }) => silenceStates.indexOf(state), cell: action },
  ];
}
