import type { PresentAlert } from '../../../../server/api/schema/silences.ts';

/** What it is and of which objective, as its labels have it. */
export function alertName(labels: Readonly<Record<string, string>>): string {
  const { alertname = 'an alert without a name', slo } = labels;
  return slo === undefined ? alertname : `${alertname} of ${slo}`;
}

/** Why nobody is told of it, each reason by itself; none: whoever should be is told. */
export function quietTexts({ silencedBy, hiddenBy }: Pick<PresentAlert, 'silencedBy' | 'hiddenBy'>): readonly string[] {
  const count = (ids: readonly string[], one: string, many: string) =>
    ids.length === 0 ? [] : [ids.length === 1 ? one : `${ids.length} ${many}`];
  return [
    ...count(silencedBy, 'a silence', 'silences').map((text) => `quiet by ${text}`),
    ...count(hiddenBy, 'a wider alert', 'wider alerts').map((text) => `hidden by ${text}`),
  ];
}

/** What is over comes last; before it the worst first. */
export function alertRank({ severity, status }: Pick<PresentAlert, 'severity' | 'status'>): number {
  const bySeverity = { critical: 0, warning: 1, info: 2 }[severity];
  return (status === 'resolved' ? 10 : 0) + bySeverity;
}

export function filterAlerts(alerts: readonly PresentAlert[], filter: string): readonly PresentAlert[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return alerts;
  return alerts.filter(({ labels, severity, status, acknowledgedBy }) => {
    const text = `${Object.values(labels).join(' ')} ${severity} ${status} ${acknowledgedBy ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
