import type { CounterMap } from './map-types.ts';
import { intelRows } from './rows-intel.ts';
import { nicRows } from './rows-nic.ts';
import { coverageRows, ovsPortRows } from './rows-ovs.ts';
import { softRows } from './rows-soft.ts';

/** Raised with each change of a row or a rule, so that a stored cause tells which map made it. */
export const mapVersion = 1;

/**
 * What each counter of a driver, a port of OVS and ovs-vswitchd itself means. Checked against DPDK 26.07 and OVS main
 * (after 3.7); `since` and `until` come from their histories.
 */
export const counterMap: CounterMap = {
  version: mapVersion,
  drivers: { ...softRows, ...intelRows, ...nicRows },
  ovsPorts: ovsPortRows,
  coverage: coverageRows,
};
