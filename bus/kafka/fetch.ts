import { type Connection, fetchV13, ProtocolError, type Reader } from '@platformatic/kafka';

export interface FetchOrder {
  readonly topicId: string;
  readonly partition: number;
  readonly offset: bigint;
  /** Of encoded bytes; a first batch that is larger comes whole. */
  readonly maxBytes: number;
  readonly waitMs: number;
}

export interface Fetched {
  /** One past the newest record that readers may see. */
  readonly endOffset: bigint;
  /** Oldest offset still held. */
  readonly startOffset: bigint;
  /** Encoded batches, from the one that holds the offset on; the last may be cut off. */
  readonly bytes: Buffer;
}

const fetchApiKey = 1;
/** Kafka 3.1 and later; the first version that names a topic by its id, so that one made anew is not taken for the old. */
const fetchVersion = 13;

/**
 * One fetch of one partition, without a group and without a session. The client's own parser unpacks all batches at once,
 * checks no checksum and cannot say where it stopped; this hands out the bytes.
 */
export function fetchPartition(connection: Connection, order: FetchOrder): Promise<Fetched> {
  const createRequest = () =>
    fetchV13.createRequest(
      order.waitMs,
      1,
      order.maxBytes,
      0,
      0,
      -1,
      [
        {
          topicId: order.topicId,
          partitions: [
            {
              partition: order.partition,
              currentLeaderEpoch: -1,
              fetchOffset: order.offset,
              lastFetchedEpoch: -1,
              partitionMaxBytes: order.maxBytes,
            },
          ],
        },
      ],
      [],
      '',
    );
  return new Promise((resolve, reject) => {
    connection.send<Fetched>(fetchApiKey, fetchVersion, createRequest, readAnswer, true, true, (error, answer) => {
      if (answer === undefined || error !== null) reject(error ?? new ProtocolError('UNKNOWN_SERVER_ERROR'));
      else resolve(answer);
    });
  });
}

function readAnswer(_correlationId: number, _apiKey: number, _version: number, reader: Reader): Fetched {
  reader.skip(4); // throttle time
  throwFor(reader.readInt16());
  reader.skip(4); // session
  // One topic with one partition was asked for. A compact array says its length + 1.
  if (reader.readUnsignedVarInt() !== 2) throw new ProtocolError('UNKNOWN_TOPIC_ID');
  reader.skip(16);
  if (reader.readUnsignedVarInt() !== 2) throw new ProtocolError('UNKNOWN_TOPIC_OR_PARTITION');
  reader.skip(4); // partition
  throwFor(reader.readInt16());
  const endOffset = reader.readInt64();
  reader.skip(8); // last stable offset
  const startOffset = reader.readInt64();
  const aborted = reader.readUnsignedVarInt() - 1;
  for (let i = 0; i < aborted; i++) {
    reader.skip(16);
    reader.readTaggedFields();
  }
  reader.skip(4); // preferred read replica
  const size = Math.max(0, reader.readUnsignedVarInt() - 1);
  // A copy: the connection uses its buffer again, and what a reader keeps must not hold all of it.
  const bytes = Buffer.from(reader.buffer.slice(reader.position, reader.position + size));
  return { endOffset, startOffset, bytes };
}

function throwFor(code: number): void {
  if (code !== 0) throw new ProtocolError(code);
}
