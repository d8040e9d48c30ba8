import { FourninesError } from '../../core/runtime/error.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';

/**
 * What an error of the client or the broker means to us. The only place that knows their codes; nothing else looks into
 * such an error, and nothing at all into its text.
 */
export type KafkaProblem =
  /** No answer: not reachable, cut, too late, or the broker says that it cannot just now. */
  | 'away'
  /** Another broker leads the partition, or none yet: ask where it is and try again. */
  | 'moved'
  /** The topic, or the topic of that id, is not there. */
  | 'no-topic'
  /** Credentials, certificate, rights or protocol version: only people can mend it. */
  | 'refused'
  /** The topic refuses what we write: size aside, a setting does not fit. */
  | 'misfit'
  | 'too-large'
  /** The broker does not know our producer any more, or expects another sequence. */
  | 'identity-lost'
  /** The broker holds the batch already, and no longer knows at which offset. */
  | 'already-held'
  | 'out-of-range'
  /** None of these: a mistake of ours or of the client. */
  | 'unknown';

/** Error codes of the Kafka protocol (kafka.apache.org/protocol), by what they mean here. */
const problemsByApiCode: Readonly<Record<number, KafkaProblem>> = {
  1: 'out-of-range', // OFFSET_OUT_OF_RANGE
  2: 'away', // CORRUPT_MESSAGE: the broker's checksum of what we sent did not match; sent again it may
  3: 'no-topic', // UNKNOWN_TOPIC_OR_PARTITION
  5: 'moved', // LEADER_NOT_AVAILABLE
  6: 'moved', // NOT_LEADER_OR_FOLLOWER
  7: 'away', // REQUEST_TIMED_OUT
  8: 'away', // BROKER_NOT_AVAILABLE
  9: 'moved', // REPLICA_NOT_AVAILABLE
  10: 'too-large', // MESSAGE_TOO_LARGE
  13: 'away', // NETWORK_EXCEPTION
  14: 'away', // COORDINATOR_LOAD_IN_PROGRESS: a broker that has just started gives no producer ids yet
  15: 'away', // COORDINATOR_NOT_AVAILABLE
  16: 'away', // NOT_COORDINATOR
  17: 'misfit', // INVALID_TOPIC_EXCEPTION
  18: 'too-large', // RECORD_LIST_TOO_LARGE
  19: 'away', // NOT_ENOUGH_REPLICAS
  20: 'away', // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  29: 'refused', // TOPIC_AUTHORIZATION_FAILED
  31: 'refused', // CLUSTER_AUTHORIZATION_FAILED
  32: 'misfit', // INVALID_TIMESTAMP
  33: 'refused', // UNSUPPORTED_SASL_MECHANISM
  34: 'refused', // ILLEGAL_SASL_STATE
  35: 'refused', // UNSUPPORTED_VERSION
  37: 'misfit', // INVALID_PARTITIONS
  38: 'misfit', // INVALID_REPLICATION_FACTOR
  40: 'misfit', // INVALID_CONFIG
  41: 'moved', // NOT_CONTROLLER
  44: 'misfit', // POLICY_VIOLATION
  45: 'identity-lost', // OUT_OF_ORDER_SEQUENCE_NUMBER
  46: 'already-held', // DUPLICATE_SEQUENCE_NUMBER
  47: 'identity-lost', // INVALID_PRODUCER_EPOCH
  49: 'identity-lost', // INVALID_PRODUCER_ID_MAPPING
  54: 'refused', // SECURITY_DISABLED
  56: 'away', // KAFKA_STORAGE_ERROR
  58: 'refused', // SASL_AUTHENTICATION_FAILED
  59: 'identity-lost', // UNKNOWN_PRODUCER_ID
  70: 'away', // FETCH_SESSION_ID_NOT_FOUND
  71: 'away', // INVALID_FETCH_SESSION_EPOCH
  74: 'moved', // FENCED_LEADER_EPOCH
  75: 'moved', // UNKNOWN_LEADER_EPOCH
  78: 'away', // OFFSET_NOT_AVAILABLE: the leader is new and still catches up
  87: 'misfit', // INVALID_RECORD
  89: 'away', // THROTTLING_QUOTA_EXCEEDED
  100: 'no-topic', // UNKNOWN_TOPIC_ID
  103: 'no-topic', // INCONSISTENT_TOPIC_ID
};

/** Codes of the client (PLT_KFK_*), of TLS in Node, and of system calls. Earlier lines win over later ones. */
const problemsByTextCode: readonly (readonly [RegExp, KafkaProblem])[] = [
  [/^PLT_KFK_AUTHENTICATION$/, 'refused'],
  [/^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|CERT_.*|UNABLE_TO_.*|HOSTNAME_MISMATCH)$/, 'refused'],
  [/^(ERR_TLS_.*|ERR_SSL_.*|ERR_OSSL_.*|EPROTO)$/, 'refused'],
  [/^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EADDRNOTAVAIL)$/, 'away'],
  // Settings that the client itself refuses, a plain connection to a port that speaks TLS among them.
  [/^PLT_KFK_(USER|UNSUPPORTED_API)$/, 'refused'],
  [/^PLT_KFK_(NETWORK|TIMEOUT|UNEXPECTED_CORRELATION_ID)$/, 'away'],
];

export function problemOf(error: unknown): KafkaProblem {
  const codes = codesOf(error);
  for (const code of codes) {
    const problem = typeof code === 'number' ? problemsByApiCode[code] : undefined;
    if (problem !== undefined) return problem;
  }
  for (const [pattern, problem] of problemsByTextCode) {
    if (codes.some((code) => typeof code === 'string' && pattern.test(code))) return problem;
  }
  return 'unknown';
}

/** All codes of an error, its causes and its parts: numbers are the broker's, text is everybody else's. */
function codesOf(error: unknown): (number | string)[] {
  const found: (number | string)[] = [];
  const waiting: unknown[] = [error];
  // Errors hold errors; a chain that leads back to itself must still end.
  for (let looked = 0; waiting.length > 0 && looked < 100; looked++) {
    const next = waiting.shift();
    if (typeof next !== 'object' || next === null) continue;
    const { apiCode, code, cause, errors } = next as Readonly<Record<string, unknown>>;
    if (typeof apiCode === 'number') found.push(apiCode);
    if (typeof code === 'string') found.push(code);
    waiting.push(cause);
    if (Array.isArray(errors)) waiting.push(...errors);
  }
  return found;
}

const codesByProblem: Readonly<Record<KafkaProblem, ErrorCode>> = {
  away: 'FN_BUS_AWAY',
  moved: 'FN_BUS_AWAY',
  'identity-lost': 'FN_BUS_AWAY',
  'already-held': 'FN_BUS_AWAY',
  'no-topic': 'FN_BUS_TOPIC',
  misfit: 'FN_BUS_TOPIC',
  refused: 'FN_BUS_REFUSED',
  'too-large': 'FN_BUS_RECORD_TOO_LARGE',
  'out-of-range': 'FN_BUS_OFFSET',
  unknown: 'FN_INTERNAL',
};

/** The same as an error of ours; the codes found on the way stand in its context, never a password. */
export function busError(
  error: unknown,
  what: string,
  context: Readonly<Record<string, string | number>> = {},
): FourninesError {
  if (error instanceof FourninesError) return error;
  const codes = [...new Set(codesOf(error))].slice(0, 8).join(' ');
  return new FourninesError(codesByProblem[problemOf(error)], what, {
    cause: error,
    context: { ...context, kafkaCodes: codes },
  });
}
