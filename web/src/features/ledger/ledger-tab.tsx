import type { LedgerEntry } from '../../../../server/api/schema/ledger.ts';
import { useLedger, useLedgers } from '../../api/ledger.ts';
import { QueryView } from '../../components/query-view.tsx';
import { Empty, NoData } from '../../components/states.tsx';
import { useUrl } from '../../url/use-url.ts';
import '../../theme/ledger.css';
import { Balance } from './balance.tsx';
import { Joints } from './joints.tsx';
import { LedgerCharts } from './ledger-charts.tsx';
import { LedgerPorts } from './ledger-ports.tsx';
import { PmdTables } from './pmd-tables.tsx';

/** For each datapath of the host: does it balance, where on its way packets were lost, and what stands behind it. */
export function LedgerTab({ host }: { readonly host: string }) {
  const { range } = useUrl();
  const ledgers = useLedgers(host, range);
  return (
    <QueryView query={ledgers} what="ledger">
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No ledger yet">
            No datapath in user space was read on this host in this window. Where one runs, Sources says why it could
            not be read.
          </Empty>
        ) : (
          items.map((entry) => <Datapath key={entry.datapath} entry={entry} />)
        )
      }
    </QueryView>
  );
}

/** The entry of the list is shown until the whole is there, then the whole: its parts are of one and the same window. */
function Datapath({ entry }: { readonly entry: LedgerEntry }) {
  const { range } = useUrl();
  const { host, datapath } = entry;
  const ledger = useLedger(host, datapath, range);
  const shown = ledger.data?.entry ?? entry;
  return (
    <section className="datapath" aria-label={`Ledger of ${datapath}`}>
      <Balance entry={shown} />
      {shown.state === 'unknown' ? (
        <NoData>No slot of this window is known for {datapath}: nothing here is zero, and nothing is good.</NoData>
      ) : null}
      <QueryView query={ledger} what={`ledger of ${datapath}`}>
        {(detail) => (
          <>
            <Joints detail={detail} />
            <LedgerCharts detail={detail} />
            <PmdTables detail={detail} />
            <LedgerPorts detail={detail} />
          </>
        )}
      </QueryView>
    </section>
  );
}
