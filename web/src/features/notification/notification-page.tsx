import { getRouteApi, Link } from '@tanstack/react-router';
import type { DeliveryDetail } from '../../../../server/api/schema/deliveries.ts';
import { useDelivery, useReplay } from '../../api/deliveries.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Failure, NoData } from '../../components/states.tsx';
import { Trail } from '../../components/trail.tsx';
import { formatInstant, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { SlaPage } from '../shell/sla-page.tsx';
import { WordBadge } from '../slo/word-badge.tsx';
import { Alerts } from './alerts.tsx';
import { Attempts } from './attempts.tsx';
import { dueText, reasonText, stateWords, summaryText, tellsNothing } from './model.ts';

const route = getRouteApi('/notifications/$id');
const exact = { exact: true, includeSearch: false };

export function NotificationPage() {
  const { id } = route.useParams();
  const { carried, zone } = useUrl();
  const delivery = useDelivery(id);
  const list = (
    <Link to="/notifications" search={carried} activeOptions={exact}>
      Notifications
    </Link>
  );
  const title = delivery.data === undefined ? id : `To ${delivery.data.receiver}: ${reasonText(delivery.data)}`;
  return (
    <SlaPage title={title} trail={<Trail steps={[list]} here={id} />} time={`Times in ${zoneName(zone)}`}>
      <QueryView query={delivery} what={`notification ${id}`}>
        {(found) => (
          <>
            <Summary delivery={found} />
            <Attempts delivery={found} />
            <Alerts delivery={found} />
          </>
        )}
      </QueryView>
    </SlaPage>
  );
}

function Summary({ delivery }: { readonly delivery: DeliveryDetail }) {
  const { carried, zone } = useUrl();
  const { id, state, code, receiver, tenant, decidedAt, changedAt, notification } = delivery;
  const due = dueText(delivery, zone);
  const time = (instant: string) => formatInstant(Date.parse(instant), zone);
  return (
    <>
      {tellsNothing(delivery) ? (
        <NoData>Nothing that it tells of had been judged: how much of the budget is gone was unknown.</NoData>
      ) : null}
      <section className="panel summary" aria-label="The notification in short">
        <p>
          <WordBadge words={stateWords[state]} /> {stateWords[state].meaning} {code === '' ? null : <code>{code}</code>}
        </p>
        <p className="afford">{summaryText(delivery)}</p>
        <p className="num">
          Decided {time(decidedAt)}, last changed {time(changedAt)}
        </p>
        {due === null ? null : <p className="num">{due}</p>}
        <p className="muted num">
          To{' '}
          <Link to="/notifications" search={{ ...carried, receiver }}>
            {receiver}
          </Link>
          , tenant{' '}
          {tenant === null ? (
            'none'
          ) : (
            <Link to="/tenants/$tenant" params={{ tenant }} search={carried}>
              {tenant}
            </Link>
          )}
          ; number {notification.sequence} of its group to this receiver
        </p>
        <Replay id={id} receiver={receiver} isDead={state === 'dead'} />
      </section>
    </>
  );
}

function Replay(props: { readonly id: string; readonly receiver: string; readonly isDead: boolean }) {
  const { id, receiver, isDead } = props;
  const replay = useReplay(id);
  return (
    <>
      {isDead ? (
        <p>
          <ConfirmButton
            text="Send again"
            title="Send this dead letter again?"
            pending={replay.isPending}
            confirm={replay.mutate}
          >
            It waits for {receiver} again under its own id, so that a receiver that has it already can drop it, and has
            three days anew.
          </ConfirmButton>
        </p>
      ) : null}
      {replay.isSuccess ? <p role="status">It waits to be sent again.</p> : null}
      {replay.error === null ? null : <Failure error={replay.error} />}
    </>
  );
}
