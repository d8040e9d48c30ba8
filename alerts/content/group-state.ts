import { type Alert, type AlertStatus, type Severity, severities } from '../alert.ts';

/** From what must not be missed to what is over. */
const order: readonly AlertStatus[] = ['firing', 'unknown', 'resolved'];

/** The worst that is in a group: it fires as long as one of it does. */
export function groupStatus(alerts: readonly Alert[]): AlertStatus {
  return order.find((status) => alerts.some((alert) => alert.status === status)) ?? 'resolved';
}

/** Of those that still go on; of all, once none does. */
export function groupSeverity(alerts: readonly Alert[]): Severity {
  const ongoing = alerts.filter(({ status }) => status !== 'resolved');
  const counted = ongoing.length > 0 ? ongoing : alerts;
  return severities.find((severity) => counted.some((alert) => alert.severity === severity)) ?? 'info';
}
