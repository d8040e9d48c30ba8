import type { ThreadSeries } from '../../../../server/api/schema/hosts.ts';
import { useWorstStalls } from '../../api/hosts.ts';
import { Choice } from '../../components/choice.tsx';
import { QueryView } from '../../components/query-view.tsx';
import { NoData } from '../../components/states.tsx';
import { useUrl } from '../../url/use-url.ts';
import { sampledPmds } from './model.ts';
import { StallTable } from './stall-table.tsx';

const thresholds = ['5', '10', '50', '100', '1000'] as const;

/** Times in which a polling thread did not run although it would have: packets waited in queues and rings meanwhile. */
export function PmdGaps({ host, series }: { readonly host: string; readonly series: ThreadSeries }) {
  const { range, search, choose } = useUrl();
  const least = search.least ?? '1';
  const worst = useWorstStalls(host, range, { role: 'pmd', leastMs: least });
  const sampled = sampledPmds(series);
  if (sampled.threads === 0) return null;
  return (
    <section className="panel" aria-label="Gaps of polling threads">
      <header className="panel-head">
        <h2>Gaps of polling threads</h2>
        <Choice
          label="May have lasted"
          all="1 ms and more"
          value={search.least ?? ''}
          options={thresholds.map((ms) => [ms, `${ms} ms and more`] as const)}
          choose={(value) => choose('least', value)}
        />
      </header>
      <p className="panel-note muted">
        A thread that would have polled and did not run: pushed off its core, slow to wake, or stopped. One that sleeps
        by itself (pmd-maxsleep) is not told. {sampledText(sampled)}
      </p>
      {sampled.known === 0 ? (
        <NoData>No polling thread was sampled in this window: whether one stood still is not known.</NoData>
      ) : (
        <QueryView query={worst} what="gaps of polling threads">
          {({ stalls, more }) =>
            stalls.length === 0 ? (
              <p className="none">No sampled polling thread stood still for {least} ms.</p>
            ) : (
              <>
                <StallTable caption="Gaps of polling threads, the longest first" stalls={stalls} />
                {more ? <p className="panel-note muted">There are more; the longest are shown.</p> : null}
              </>
            )
          }
        </QueryView>
      )}
    </section>
  );
}

function sampledText({ threads, known, steps }: ReturnType<typeof sampledPmds>): string {
  const who = threads === 1 ? 'One thread' : `${threads} threads`;
  if (known === steps) return `${who}, sampled in every step.`;
  return `${who}, sampled in ${known} of ${steps} steps; what was not sampled is not known.`;
}
