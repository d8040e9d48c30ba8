import { Type } from 'typebox';
import { defineQuery, Text } from '../run-query.ts';

const rowsMax = 10_000;

/** Facts of ports as rows; a port that is gone keeps what was last said of it, for windows in which it was there. */
export const portFacts = `SELECT host, substring(name, 6, length(name) - 6 - length(field)) AS port,
    argMaxIf(value, at, field = 'datapath' AND value != '') AS of_datapath,
    argMaxIf(value, at, field = 'type' AND value != '') AS of_type,
    argMaxIf(value, at, field = 'ledger' AND value != '') AS of_ledger
  FROM (
    SELECT host, name, at, value, arrayElement(splitByChar('.', name), -1) AS field FROM host_fact
    WHERE ({host:String} = '' OR host = {host:String}) AND startsWith(name, 'port.')
  )
  WHERE field IN ('datapath', 'type', 'ledger') AND length(name) > 6 + length(field)
  GROUP BY host, port`;

/** The ports that a datapath has or had, with their type; `counted`: 1 where the ledger holds them. */
export const datapathPorts = defineQuery({
  name: 'datapath-ports',
  sql: `SELECT port, of_type AS type, toUInt8(of_ledger = 'yes') AS counted
FROM (${portFacts})
WHERE of_datapath = {datapath:String}
ORDER BY port`,
  parameters: { host: 'String', datapath: 'String' },
  row: Type.Object({ port: Text, type: Text, counted: Type.Integer() }),
  deadlineMs: 5_000,
  rowsMax,
});
