import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useHealth } from '../../api/health.ts';
import { Badge } from '../../components/badge.tsx';
import { Icon } from '../../components/icon.tsx';
import { Wordmark } from '../../components/wordmark.tsx';
import type { Action } from '../../keyboard/shortcuts.ts';
import { useShortcuts } from '../../keyboard/use-shortcuts.ts';
import { useLiveVersion } from '../../live/use-live.ts';
import { toggleTheme, useTheme } from '../../theme/theme.ts';
import { shiftRange, zoomRange } from '../../url/range.ts';
import { useUrl } from '../../url/use-url.ts';
import { Announcer } from './announcer.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { isOfTelling } from './telling-nav.tsx';

const places = [
  ['/', 'Fleet'],
  ['/ports', 'Ports'],
  ['/advice', 'Advice'],
  ['/objectives', 'Objectives'],
  ['/tenants', 'Tenants'],
  ['/breaches', 'Breaches'],
  ['/exclusions', 'Exclusions'],
  ['/notifications', 'Notifications'],
] as const;

/** What stands around every page. */
export function Shell() {
  const url = useUrl();
  const navigate = useNavigate();
  const [help, setHelp] = useState(false);
  const toggleZone = () => url.setZone(url.zone === 'utc' ? 'local' : 'utc');
  const actions: Record<Action, () => void> = {
    focusFilter: () => document.querySelector<HTMLInputElement>('[data-filter]')?.focus(),
    openHelp: () => setHelp(true),
    goFleet: () => void navigate({ to: '/', search: url.carried }),
    goPorts: () => void navigate({ to: '/ports', search: url.carried }),
    goAdvice: () => void navigate({ to: '/advice', search: url.carried }),
    goObjectives: () => void navigate({ to: '/objectives', search: url.carried }),
    goTenants: () => void navigate({ to: '/tenants', search: url.carried }),
    goBreaches: () => void navigate({ to: '/breaches', search: url.carried }),
    goExclusions: () => void navigate({ to: '/exclusions', search: url.carried }),
    goNotifications: () => void navigate({ to: '/notifications', search: url.carried }),
    goSilences: () => void navigate({ to: '/silences', search: url.carried }),
    shiftBack: () => url.setRange(shiftRange(url.range, -1, url.nowMs())),
    shiftForward: () => url.setRange(shiftRange(url.range, 1, url.nowMs())),
    zoomIn: () => url.setRange(zoomRange(url.range, 'in', url.nowMs())),
    zoomOut: () => url.setRange(zoomRange(url.range, 'out', url.nowMs())),
    toggleTheme,
    toggleZone,
  };
  useShortcuts((action) => actions[action]());
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="top">
        <Link to="/" search={url.carried} className="home" aria-label="Fournines, fleet">
          <Wordmark />
        </Link>
        <Menu />
        <div className="top-right">
          <LineBadge />
          <ServerBadge />
          <button
            type="button"
            className="quiet"
            aria-label={`${url.zone === 'utc' ? 'UTC' : 'Local'}, switch the time zone`}
            onClick={toggleZone}
          >
            {url.zone === 'utc' ? 'UTC' : 'Local'}
          </button>
          <ThemeButton />
          <button type="button" className="quiet" aria-label="Help and keys" onClick={() => setHelp(true)}>
            <kbd>?</kbd>
          </button>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <HelpDialog open={help} close={() => setHelp(false)} />
      <Announcer />
    </>
  );
}

function Menu() {
  const { carried } = useUrl();
  const isTelling = isOfTelling(useLocation().pathname);
  return (
    <nav aria-label="Main">
      {places.map(([to, name]) => (
        <Link
          key={to}
          to={to}
          search={carried}
          activeOptions={{ exact: true, includeSearch: false }}
          {...(to === '/notifications' && isTelling ? { 'aria-current': 'page' } : {})}
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}

function LineBadge() {
  const { phase } = useLiveVersion().live.state();
  if (phase === 'open') {
    return (
      <Badge tone="ok" icon="live">
        live
      </Badge>
    );
  }
  return (
    <Badge tone={phase === 'broken' ? 'warn' : 'neutral'} icon="stale">
      {phase === 'broken' ? 'disconnected' : 'connecting'}
    </Badge>
  );
}

/** Only when the server says that something is wrong with itself. */
function ServerBadge() {
  const health = useHealth().data;
  if (health === undefined || health.status === 'ok') return null;
  const wrong = health.checks.filter(({ state }) => state !== 'ok').map(({ name, reason }) => `${name}: ${reason}`);
  return (
    <span title={wrong.join('\n')}>
      <Badge tone={health.status === 'failed' ? 'bad' : 'warn'}>server {health.status}</Badge>
    </span>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const next = theme === 'dark' ? 'light' : 'dark';
  return (
    <button type="button" className="quiet" aria-label={`Switch to ${next} theme`} onClick={toggleTheme}>
      <Icon name={theme === 'dark' ? 'sun' : 'moon'} size={15} />
    </button>
  );
}
