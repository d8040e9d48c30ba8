import type { LedgerEntry, LedgerState } from '../../../../server/api/schema/ledger.ts';
import { Badge } from '../../components/badge.tsx';
import { Coverage } from '../../components/coverage.tsx';
import type { Tone } from '../../components/tone.ts';
import { formatCount } from '../../format/count.ts';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import { useUrl } from '../../url/use-url.ts';
import { causeWords } from '../port/cause-words.ts';
import { balanceTerms, insideTotal, stateView, type Term } from './model.ts';

const tones: Record<LedgerState, Tone> = {
  balanced: 'ok',
  withinBound: 'ok',
  unexplained: 'bad',
  unsettled: 'neutral',
  unknown: 'unknown',
};

/** The ledger of a datapath in figures and in words. */
export function Balance({ entry }: { readonly entry: LedgerEntry }) {
  const { zone } = useUrl();
  const told = entry.settledTo === null ? 'no time' : clockOf(entry.settledTo, zone);
  const { name, meaning, advice } = stateView(entry, told);
  return (
    <div className={`panel balance balance-${entry.state}`}>
      <header className="panel-head">
        <h2>{entry.datapath}</h2>
        <Badge tone={tones[entry.state]}>{name}</Badge>
      </header>
      <p className="equation num">
        {balanceTerms(entry).map((term) => (
          <TermView key={term.name} term={term} state={entry.state} />
        ))}
      </p>
      <p className="balance-words">
        <b>{meaning}</b> {advice}
      </p>
      <Facts entry={entry} zone={zone} told={told} />
    </div>
  );
}

function TermView({ term, state }: { readonly term: Term; readonly state: LedgerState }) {
  const { sign, name, packets, kind } = term;
  return (
    <span className="term">
      {sign === '' ? null : <span className="sign">{sign} </span>}
      <span className="term-name">{name} </span>
      <span className={`term-figure ${packets === null ? 'unknown' : figureClass(kind, packets, state)}`}>
        {packets === null ? 'unknown' : formatCount(packets)}{' '}
      </span>
    </span>
  );
}

function figureClass(kind: Term['kind'], packets: bigint, state: LedgerState): string {
  if (kind === 'loss' && packets > 0n) return 'loss';
  if (kind === 'left' && state === 'unexplained') return 'left-bad';
  return packets === 0n ? 'muted' : '';
}

function Facts(props: { readonly entry: LedgerEntry; readonly zone: Zone; readonly told: string }) {
  const { entry, zone, told } = props;
  const known = entry.state !== 'unknown';
  return (
    <ul className="facts num">
      <li>
        <Coverage slots={entry.slots} words="long" />
      </li>
      <li>
        {entry.settledTo === null ? (
          <>
            settled up to <span className="unknown">unknown</span>: drops inside and copies were never told
          </>
        ) : (
          `settled up to ${told} ${zoneName(zone)}`
        )}
      </li>
      {known ? <li>at most {formatCount(entry.bound)} on their way</li> : null}
      {known ? <li>{copiesText(entry)}</li> : null}
      <li>
        {entry.ports} ports in the sums, {formatCount(`${entry.flows}`)} flows at {clockOf(entry.lastSlot, zone)}
      </li>
      {known && insideTotal(entry) > 0n ? <li>dropped inside: {insideText(entry)}</li> : null}
    </ul>
  );
}

function copiesText({ copiesUncertain }: LedgerEntry): string {
  if (copiesUncertain === null) return 'copies not seen: no bound is known';
  return copiesUncertain === '0' ? 'all copies seen' : `at most ${formatCount(copiesUncertain)} copies not seen`;
}

function insideText({ insideDrops }: LedgerEntry): string {
  return insideDrops
    .filter(({ packets }) => packets !== '0')
    .map(({ cause, packets }) => `${formatCount(packets)} ${cause} (${causeWords(cause) ?? 'no words for it yet'})`)
    .join(', ');
}

function clockOf(instant: string, zone: Zone): string {
  return formatInstant(Date.parse(instant), zone).slice(11);
}
