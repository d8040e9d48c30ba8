import type { Sli } from '../../../../server/api/schema/slis.ts';
import { Badge } from '../../components/badge.tsx';
import { Coverage } from '../../components/coverage.tsx';
import { formatCount } from '../../format/count.ts';
import { formatBitRate, formatPacketRate } from '../../format/rate.ts';
import { directionName } from '../ports/model.ts';
import { useNow } from '../ports/use-now.ts';
import { viewSli } from './model.ts';

/** Delivery per direction: the ratio with what it was made of, its bounds, and the last slot beside it. */
export function SliCards({
  host,
  port,
  slis,
}: {
  readonly host: string;
  readonly port: string;
  readonly slis: readonly Sli[];
}) {
  const delivery = slis.filter(({ sli }) => sli === 'packetDelivery');
  return (
    <div className="columns">
      {delivery.map((sli) => (
        <section className="panel sli" key={sli.direction} aria-label={`Delivery, ${directionName(sli.direction)}`}>
          <header className="panel-head">
            <h2>{directionName(sli.direction)}</h2>
            <Verdict verdict={sli.verdict} />
          </header>
          <div className="sli-body">
            <Ratio sli={sli} />
            <NowNumbers host={host} port={port} direction={sli.direction} peak={peakOf(slis, sli.direction)} />
          </div>
          <p className="sli-coverage">
            <Coverage slots={sli.slots} words="long" />
          </p>
        </section>
      ))}
    </div>
  );
}

function Verdict({ verdict }: { readonly verdict: Sli['verdict'] }) {
  if (verdict === 'measured') return <Badge tone="neutral">measured</Badge>;
  if (verdict === 'noTraffic') return <Badge tone="neutral">no traffic</Badge>;
  return <Badge tone="unknown">unknown</Badge>;
}

function Ratio({ sli }: { readonly sli: Sli }) {
  const view = viewSli(sli);
  if (view.state === 'unknown') {
    return (
      <div>
        <p className="figure unknown">no data</p>
        <p className="muted">
          {sli.slots.observed + sli.slots.bridged === 0
            ? 'No slot of this window is known.'
            : 'Nothing was offered in the known seconds, and others are unknown: there is no ratio.'}
        </p>
      </div>
    );
  }
  if (view.state === 'noTraffic') {
    return (
      <div>
        <p className="figure muted">no traffic</p>
        <p className="muted">Known, and nothing was offered: there is no ratio.</p>
      </div>
    );
  }
  return (
    <div>
      <p className="label">Packet delivery{view.state === 'bounded' ? ', over known seconds only' : ''}</p>
      <p className="figure num">{view.text}</p>
      <p className="num muted">
        {formatCount(sli.ratio.num)} / {formatCount(sli.ratio.den)}
      </p>
      {view.state === 'bounded' ? (
        <p className="bounds num">
          between {view.low} and {view.high}{' '}
          <span className="muted">
            if {formatCount(`${sli.slots.unknown}`)} unknown s carried the mean rate and all was lost, or none
          </span>
        </p>
      ) : (
        <p className="bounds muted">every second of the window is known</p>
      )}
    </div>
  );
}

function NowNumbers(props: {
  readonly host: string;
  readonly port: string;
  readonly direction: string;
  readonly peak: string | null;
}) {
  const { nowFor } = useNow(props.host);
  const now = nowFor(props.host, props.port, props.direction);
  const text = (value: bigint | null | undefined, format: (value: bigint) => string) =>
    value === undefined ? '…' : value === null ? 'unknown' : format(value);
  return (
    <dl className="pairs num">
      <dt>Now</dt>
      <dd data-now={props.direction}>{text(now?.packets, formatPacketRate)}</dd>
      <dt>Bits</dt>
      <dd>{text(now?.bytes, formatBitRate)}</dd>
      <dt>Drops</dt>
      <dd className={(now?.drops ?? 0n) > 0n ? 'loss' : undefined}>{text(now?.drops, formatPacketRate)}</dd>
      <dt>Peak slot</dt>
      <dd>{props.peak === null ? 'unknown' : formatPacketRate(props.peak)}</dd>
    </dl>
  );
}

function peakOf(slis: readonly Sli[], direction: string): string | null {
  return slis.find((sli) => sli.direction === direction && sli.peakPps !== null)?.peakPps ?? null;
}
