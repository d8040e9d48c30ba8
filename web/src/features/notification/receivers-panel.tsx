import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Receiver } from '../../../../server/api/schema/receivers.ts';
import { useDelivery, useEnable, useSendTest } from '../../api/deliveries.ts';
import { paceMs } from '../../api/keys.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import type { Said } from '../../components/person-form.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { Failure } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatSpan } from '../../format/duration.ts';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { answerText, canEnable, circuitWords, type ReceiverRow, receiverText, stateWords } from './model.ts';

/** Whether receivers take what they are sent, and what waits for them. */
export function ReceiversPanel({ receivers }: { readonly receivers: readonly ReceiverRow[] }) {
  const enable = useEnable();
  const test = useSendTest();
  return (
    <section className="panel" aria-label="Receivers">
      <header className="panel-head">
        <h2>Receivers</h2>
        <span className="muted">Each is sent to in order: what fails holds up what is behind it.</span>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section className="table-scroll" aria-label="Receivers, one by one" tabIndex={0}>
        <table className="sums tall">
          <caption className="hidden">Receivers</caption>
          <Head />
          <tbody>
            {receivers.map((row) => (
              <Row key={row.name} row={row}>
                {row.told === null ? null : (
                  <ConfirmButton
                    text="Send a test"
                    label={`Send a test to ${row.name}`}
                    title={`Send a test to ${row.name}?`}
                    pending={test.isPending}
                    confirm={(said) => test.mutate({ receiver: row.name, said })}
                  >
                    It is told that this is a test and that nothing has happened, behind whatever waits for it.
                  </ConfirmButton>
                )}{' '}
                <Enable
                  row={row}
                  pending={enable.isPending}
                  enable={(said) => enable.mutate({ receiver: row.name, said })}
                />
              </Row>
            ))}
          </tbody>
        </table>
      </section>
      {test.isSuccess ? <SentTest receiver={test.variables.receiver} id={test.data.delivery} /> : null}
      {enable.isSuccess ? (
        <p className="none" role="status">
          {enable.data.name} is sent to again.
        </p>
      ) : null}
      {[test.error, enable.error].map((error) =>
        error === null ? null : <Failure key={String(error)} error={error} />,
      )}
    </section>
  );
}

function Head() {
  return (
    <thead>
      <tr>
        <th scope="col">Receiver</th>
        <th scope="col">Circuit</th>
        <th scope="col" className="right">
          Failures in a row
        </th>
        <th scope="col" className="right">
          Waiting
        </th>
        <th scope="col" className="right">
          The oldest, for
        </th>
        <th scope="col">Action</th>
      </tr>
    </thead>
  );
}

function Row({ row, children }: { readonly row: ReceiverRow; readonly children: ReactNode }) {
  const { name, queue } = row;
  return (
    <tr>
      <th scope="row">
        {name}
        <span className="second">{receiverText(row)}</span>
      </th>
      {queue === null ? (
        <td colSpan={4} className="muted">
          Nothing was ever sent to it.
        </td>
      ) : (
        <QueueCells queue={queue} />
      )}
      <td>{children}</td>
    </tr>
  );
}

function QueueCells({ queue }: { readonly queue: Receiver }) {
  const { zone } = useUrl();
  const { failures, openUntil, waiting, oldestSeconds } = queue;
  const until = openUntil === null ? '' : formatInstant(Date.parse(openUntil), zone);
  const words = circuitWords(queue, until);
  return (
    <>
      <td>
        <WordBadge words={words} />
        <span className="second">{words.meaning}</span>
      </td>
      <td className="num right">{failures}</td>
      <td className="num right">{formatCount(`${waiting}`)}</td>
      <td className="num right">
        {oldestSeconds === null ? <span className="muted">nothing waits</span> : formatSpan(oldestSeconds)}
      </td>
    </>
  );
}

function Enable(props: { readonly row: ReceiverRow; readonly pending: boolean; enable(said: Said): void }) {
  const { row, pending, enable } = props;
  const { name, queue } = row;
  if (queue === null || !canEnable(queue)) return null;
  return (
    <ConfirmButton
      text="Enable"
      label={`Enable ${name}`}
      title={`Send to ${name} again?`}
      pending={pending}
      confirm={enable}
    >
      Its failures are forgotten, and what waits for it is sent in order.
    </ConfirmButton>
  );
}

/** What became of a test, as long as somebody looks. */
function SentTest({ receiver, id }: { readonly receiver: string; readonly id: string }) {
  const { carried } = useUrl();
  const delivery = useDelivery(id, paceMs.hosts);
  return (
    <QueryView query={delivery} what={`the test to ${receiver}`}>
      {(found) => (
        <p className="none" role="status">
          The test to <b>{receiver}</b>: <WordBadge words={stateWords[found.state]} /> {answerText(found)}
          {found.code === '' ? '' : `, ${found.code}`}.{' '}
          <Link to="/notifications/$id" params={{ id }} search={carried}>
            What was sent, and each attempt
          </Link>
        </p>
      )}
    </QueryView>
  );
}
