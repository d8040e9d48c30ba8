import type { ExplainedRow, Explanation, Judged } from '../../../../server/api/schema/explain.ts';
import { useWorstStalls } from '../../api/hosts.ts';
import { useExplanation } from '../../api/ports.ts';
import { Badge } from '../../components/badge.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { formatCount } from '../../format/count.ts';
import type { Zone } from '../../format/time.ts';
import type { TimeWindow } from '../../url/range.ts';
import { StallTable } from '../host/stall-table.tsx';
import { causeWords } from '../port/cause-words.ts';
import { ownedBy } from '../port/model.ts';
import { OwnerList } from '../port/owner-list.tsx';
import { directionName } from '../ports/model.ts';
import { type StallView, stallsOf } from './model.ts';
import { clock } from './words.ts';

/** A step opened: each row of drops that touches it, with the counter, the owner, the rule and what it rests on. */
export function StepDetail(props: {
  readonly host: string;
  readonly port: string;
  readonly atSeconds: number;
  readonly stepSeconds: number;
  /** Of the guest, and those that poll the port. */
  readonly threads: StallView['threads'];
  readonly zone: Zone;
  close(): void;
}) {
  const { host, port, atSeconds, stepSeconds, threads, zone, close } = props;
  const explanation = useExplanation(host, port, { fromSeconds: atSeconds, toSeconds: atSeconds + stepSeconds });
  const title = `${clock(atSeconds, zone)}${stepSeconds === 1 ? '' : `, ${stepSeconds} s`}: what was lost, and whose it is`;
  return (
    <section className="panel" aria-label="The opened step">
      <header className="panel-head">
        <h3>{title}</h3>
        <button type="button" className="quiet" onClick={close}>
          Close
        </button>
      </header>
      <div className="tl-detail" aria-live="polite">
        <QueryView query={explanation} what="the reasons">
          {(found) => <Story found={found} zone={zone} />}
        </QueryView>
        <Stalls host={host} threads={threads} step={{ fromSeconds: atSeconds, toSeconds: atSeconds + stepSeconds }} />
      </div>
    </section>
  );
}

/** A stall of a step is told in the second in which it ends, or goes on: one more than the step is asked for. */
function Stalls(props: { readonly host: string; readonly threads: StallView['threads']; readonly step: TimeWindow }) {
  const { host, threads, step } = props;
  const range = { kind: 'absolute', fromSeconds: step.fromSeconds, toSeconds: step.toSeconds + 1 } as const;
  const worst = useWorstStalls(host, range, { leastMs: '1' });
  if (threads.length === 0) return null;
  return (
    <QueryView query={worst} what="stalls">
      {({ stalls }) => {
        const own = stallsOf(stalls, threads, step);
        return own.length === 0 ? (
          <p className="none">No stall of a millisecond is told of the guest and of the threads that poll this port.</p>
        ) : (
          <StallTable caption="Stalls of this step" stalls={own} />
        );
      }}
    </QueryView>
  );
}

function Story({ found, zone }: { readonly found: Explanation; readonly zone: Zone }) {
  return (
    <>
      <Untold found={found} />
      {found.items.map((item) => (
        <Row key={`${item.direction} ${item.cause} ${item.place} ${item.from} ${item.to}`} item={item} zone={zone} />
      ))}
      {found.beside.map((item) => (
        <Beside key={`${item.datapath} ${item.cause} ${item.from} ${item.to}`} item={item} zone={zone} />
      ))}
    </>
  );
}

/** What no row tells stands first: seconds that are not known, losses without a cause. */
function Untold({ found: { paths, items, furtherUp } }: { readonly found: Explanation }) {
  const untold = paths.flatMap(({ direction, slots, pending, unexplained }) => {
    const name = directionName(direction);
    const lost = BigInt(pending) + BigInt(unexplained);
    return [
      ...(slots.unknown === 0 ? [] : [`${name}: ${slots.unknown} of ${slots.expected} s are not known`]),
      ...(slots.bridged === 0 ? [] : [`${name}: of ${slots.bridged} s only the sum of a gap is known`]),
      ...(lost === 0n
        ? []
        : [`${name}: ${formatCount(lost)} lost packets that no row here has a cause for, or one of a longer time`]),
    ];
  });
  const words = [...untold, ...furtherUp.flatMap(furtherUpWords)];
  if (paths.length === 0) {
    return <p className="tl-missing">Nothing of this port was stored for this step: what happened is not known.</p>;
  }
  if (words.length > 0) {
    return (
      <ul className="tl-missing">
        {words.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    );
  }
  return items.length === 0 ? (
    <p className="none">Every second of this step is known, and no packet was lost.</p>
  ) : null;
}

/** Lost at an uplink of the same datapath: of this port, or of others. */
function furtherUpWords({ uplink, packets, unknownSeconds, estimate }: Explanation['furtherUp'][number]): string[] {
  const byRate = estimate === null ? 'by rate nobody can say' : `an estimate by rate: ${formatCount(estimate)}`;
  const lost = `${uplink} lost ${formatCount(packets)} before anybody knew whose they were: 0 to ${formatCount(packets)} were of this port (${byRate})`;
  return [
    ...(packets === '0' ? [] : [lost]),
    ...(unknownSeconds === 0 ? [] : [`of ${unknownSeconds} s nobody knows what ${uplink} lost before`]),
  ];
}

/** Packets to guests that were away: no port counts them, this one's guest was one that was. */
function Beside({ item, zone }: { readonly item: Explanation['beside'][number]; readonly zone: Zone }) {
  const { datapath, ports } = item;
  const away = ports.length === 0 ? 'nobody told which' : ports.join(', ');
  return (
    <>
      <p className="tl-missing">
        In no sum of this port: told by {datapath}, of guests that were away ({away}).
      </p>
      <Row item={item} zone={zone} />
    </>
  );
}

function Row({ item, zone }: { readonly item: ExplainedRow; readonly zone: Zone }) {
  const { direction, cause, packets, from, to, told, counters, revision, evidence } = item;
  const at = (instant: string) => clock(Date.parse(instant) / 1_000, zone);
  const words = causeWords(cause);
  return (
    <article className="tl-drop">
      <h4>
        <span className="loss num">{formatCount(packets)}</span> {cause}{' '}
        <span className="muted">{directionName(direction)}</span>{' '}
        <span className="muted num">
          {at(from)} – {at(to)}
        </span>
      </h4>
      {words === null ? null : <p className="muted">{words}</p>}
      {told === null ? (
        <p>
          <Badge tone="unknown">unknown</Badge> Nobody has said yet whose they are.
        </p>
      ) : (
        <Told told={told} />
      )}
      <dl className="tl-facts">
        <dt>Counters</dt>
        <dd>{counters.length === 0 ? 'not told' : counters.map((name) => <code key={name}>{name} </code>)}</dd>
        {told === null ? null : <Facts told={told} />}
        {evidence === '' ? null : (
          <>
            <dt>Readings</dt>
            <dd>
              <code title={evidence}>{evidence.slice(0, 16)}</code> revision {revision}
            </dd>
          </>
        )}
      </dl>
    </article>
  );
}

function Told({ told }: { readonly told: Judged }) {
  const { owners, rule, ruleVersion, missing, story } = told;
  return (
    <>
      <div className="tl-told">
        <OwnerList owned={ownedBy(owners)} />
        <span className="muted">
          rule {rule}, version {ruleVersion}
        </span>
      </div>
      <p>{story}</p>
      {missing.length === 0 ? null : <p className="unknown">Missing: {missing.join(', ')}.</p>}
    </>
  );
}

/** What decided, name by name; times of the rules are ns. */
function Facts({ told: { facts } }: { readonly told: Judged }) {
  const entries = Object.entries(facts);
  if (entries.length === 0) return null;
  return (
    <>
      <dt>What decided</dt>
      <dd className="num">{entries.map(([name, value]) => `${name} ${factText(name, value)}`).join(' · ')}</dd>
    </>
  );
}

function factText(name: string, value: number | string): string {
  if (typeof value === 'string' || !name.endsWith('Ns')) return `${value}`;
  return `${(value / 1e6).toFixed(3)} ms`;
}
