import { Type } from 'typebox';
import { defineQuery, Text, UInt32, UInt64 } from '../run-query.ts';

const head = `toString(toUnixTimestamp64Milli(at)) AS atMs, topic, partition, offset, key, code, reason, host, stream,
  ifNull(toString(seq), '') AS seqText, refused_by AS refusedBy, length(bytes) AS size`;

const row = {
  atMs: Text,
  topic: Text,
  partition: UInt32,
  offset: UInt64,
  key: Text,
  code: Text,
  reason: Text,
  host: Text,
  stream: Text,
  /** Empty: it cannot be read. */
  seqText: Text,
  /** Table that refused it; empty: it was refused before. */
  refusedBy: Text,
  size: UInt64,
};

/** Letters, newest first, older than the one named; without bytes. */
export const deadLetterPage = defineQuery({
  name: 'dead-letters',
  sql: `SELECT ${head}
FROM dead_letter
WHERE ({code:String} = '' OR code = {code:String}) AND ({host:String} = '' OR host = {host:String})
  AND ({beforeMs:String} = '' OR (toUnixTimestamp64Milli(at), topic, partition, offset)
    < (toInt64OrZero({beforeMs:String}), {topic:String}, {partition:UInt32}, toUInt64OrZero({offset:String})))
ORDER BY at DESC, topic DESC, partition DESC, offset DESC
LIMIT 1 BY topic, partition, offset
LIMIT {limit:UInt32}`,
  parameters: {
    code: 'String',
    host: 'String',
    beforeMs: 'String',
    topic: 'String',
    partition: 'UInt32',
    offset: 'String',
    limit: 'UInt32',
  },
  row: Type.Object(row),
  deadlineMs: 10_000,
  rowsMax: 1_001,
});

/** One letter with its bytes; a message that several tables refused has a row for each. */
export const deadLetter = defineQuery({
  name: 'dead-letter',
  sql: `SELECT ${head}, base64Encode(bytes) AS base64
FROM dead_letter
WHERE topic = {topic:String} AND partition = {partition:UInt32} AND offset = toUInt64OrZero({offset:String})
ORDER BY at
LIMIT 1 BY refused_by
LIMIT 64`,
  parameters: { topic: 'String', partition: 'UInt32', offset: 'String' },
  row: Type.Object({ ...row, base64: Text }),
  deadlineMs: 10_000,
  rowsMax: 64,
});
