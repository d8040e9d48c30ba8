import { Type } from 'typebox';
import { defineQuery, Text } from '../run-query.ts';

/** What tells which rows of the map of counters apply to a port; empty where it was never said. */
export const portMapFacts = defineQuery({
  name: 'port-map-facts',
  sql: `SELECT argMaxIf(value, at, name = concat('port.', {port:String}, '.datapath') AND value != '') AS datapath,
  argMaxIf(value, at, name = concat('port.', {port:String}, '.type') AND value != '') AS type,
  argMaxIf(value, at, name = concat('port.', {port:String}, '.driver') AND value != '') AS driver,
  argMaxIf(value, at, name = 'ovs.version' AND value != '') AS ovsVersion
FROM host_fact
WHERE host = {host:String} AND name IN ('ovs.version', concat('port.', {port:String}, '.datapath'),
  concat('port.', {port:String}, '.type'), concat('port.', {port:String}, '.driver'))`,
  parameters: { host: 'String', port: 'String' },
  row: Type.Object({ datapath: Text, type: Text, driver: Text, ovsVersion: Text }),
  deadlineMs: 5_000,
  rowsMax: 1,
});
