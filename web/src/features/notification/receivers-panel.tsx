import type { Receiver } from '../../../../server/api/schema/receivers.ts';
import { useEnable } from '../../api/deliveries.ts';
import { ConfirmButton } from '../../components/confirm-button.tsx';
import { Failure } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatSpan } from '../../format/duration.ts';
import { formatInstant } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { canEnable, circuitWords } from './model.ts';

/** Whether receivers take what they are sent, and what waits for them. */
export function ReceiversPanel({ receivers }: { readonly receivers: readonly Receiver[] }) {
  const enable = useEnable();
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
          <tbody>
            {receivers.map((receiver) => (
              <Row
                key={receiver.name}
                receiver={receiver}
                pending={enable.isPending}
                enable={() => enable.mutate(receiver.name)}
              />
            ))}
          </tbody>
        </table>
      </section>
      {enable.isSuccess ? (
        <p className="none" role="status">
          {enable.data.name} is sent to again.
        </p>
      ) : null}
      {enable.error === null ? null : <Failure error={enable.error} />}
    </section>
  );
}

function Row(props: { readonly receiver: Receiver; readonly pending: boolean; enable(): void }) {
  const { receiver, pending, enable } = props;
  const { zone } = useUrl();
  const { name, failures, openUntil, waiting, oldestSeconds } = receiver;
  const until = openUntil === null ? '' : formatInstant(Date.parse(openUntil), zone);
  const words = circuitWords(receiver, until);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <WordBadge words={words} />
        <span className="second">{words.meaning}</span>
      </td>
      <td className="num right">{failures}</td>
      <td className="num right">{formatCount(`${waiting}`)}</td>
      <td className="num right">
        {oldestSeconds === null ? <span className="muted">nothing waits</span> : formatSpan(oldestSeconds)}
      </td>
      <td>
        {canEnable(receiver) ? (
          <ConfirmButton
            text="Enable"
            label={`Enable ${name}`}
            title={`Send to ${name} again?`}
            pending={pending}
            confirm={enable}
          >
            Its failures are forgotten, and what waits for it is sent in order.
          </ConfirmButton>
        ) : (
          <span className="muted">none</span>
        )}
      </td>
    </tr>
  );
}
