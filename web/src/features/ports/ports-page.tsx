import { usePorts } from '../../api/ports.ts';
import { QueryView } from '../../components/query-view.tsx';
import { useWatch } from '../../live/use-live.ts';
import { useUrl } from '../../url/use-url.ts';
import { PageHead } from '../shell/page-head.tsx';
import { StaleBanner } from '../shell/stale-banner.tsx';
import { PortsSection } from './ports-section.tsx';

export function PortsPage() {
  useWatch();
  const { range } = useUrl();
  const ports = usePorts({}, range);
  return (
    <>
      <PageHead title="All ports" window={ports.data?.window} complete={ports.data} />
      <StaleBanner />
      <QueryView query={ports} what="ports">
        {(page) => <PortsSection page={page} withHost />}
      </QueryView>
    </>
  );
}
