import { Link } from '@tanstack/react-router';
import { useUrl } from '../../url/use-url.ts';

const places = [
  ['/notifications', 'Told'],
  ['/alerts', 'What fires'],
  ['/silences', 'Silences'],
  ['/audit', 'What people did'],
] as const;

/** Whether a page is one of this matter: the menu has one entry for them all. */
export function isOfTelling(path: string): boolean {
  return places.some(([to]) => to === path);
}

/** Between the pages of one matter: what fires, who was told, who is not, and what people did about it. */
export function TellingNav() {
  const { carried } = useUrl();
  return (
    <nav className="subnav" aria-label="Alerts and notifications">
      {places.map(([to, name]) => (
        <Link key={to} to={to} search={carried} activeOptions={{ exact: true, includeSearch: false }}>
          {name}
        </Link>
      ))}
    </nav>
  );
}
