interface CatalogueEntry {
  readonly doc: string;
  readonly hint: string;
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean;
}

/** Every error the product can give. `docs/errors.md` lists the same codes (a test compares them). */
export const errorCatalogue = {
  FN_INTERNAL: {
    doc: 'A mistake of ours: an assertion failed or something threw what nobody expected.',
    hint: 'Please report it with the log lines around it.',
    retryable: false,
  },
  FN_USAGE: {
    doc: 'A command, option or argument is not known or does not fit.',
    hint: 'See fournines --help.',
    retryable: false,
  },
  FN_CONFIG: {
    doc: 'The configuration has one or more mistakes; all are listed.',
    hint: 'Mend each listed key; docs/configuration.md has them all.',
    retryable: false,
  },
  FN_FOLDER_LOCKED: {
    doc: 'Another process uses this data folder.',
    hint: 'Stop that process, or choose another folder with --data.',
    retryable: true,
  },
  FN_FOLDER: {
    doc: 'The data folder cannot be made or written.',
    hint: 'Check the path, its owner and the free space.',
    retryable: false,
  },
  FN_DISK_FULL: {
    doc: "The data folder's disk has less room than server.diskFloorBytes: nothing new is stored.",
    hint: 'Make room; it goes on by itself. Questions are answered meanwhile, and rows wait in the bus.',
    retryable: true,
  },
  FN_PORT_IN_USE: {
    doc: 'The HTTP port is taken.',
    hint: 'Stop the other program, or choose another port with --port.',
    retryable: true,
  },
  FN_NATIVE_MISSING: {
    doc: 'The native addon is not built for this machine.',
    hint: 'Install g++ (apt-get install g++) and run npm start again; sources with a pure TypeScript form go on without it.',
    retryable: false,
  },
  FN_NATIVE: {
    doc: 'A system call of the native addon failed.',
    hint: 'The context names the call and errno.',
    retryable: true,
  },
  FN_SOURCE: {
    doc: 'A source failed in one tick.',
    hint: 'The slot is bridged by the next good read, where the counters live on.',
    retryable: true,
  },
  FN_SOURCE_TIMEOUT: {
    doc: 'A source did not finish before its deadline.',
    hint: 'See source_slot for how long it takes; the host may be overloaded.',
    retryable: true,
  },
  FN_SOURCE_FATAL: {
    doc: 'A source cannot work on this host and was switched off.',
    hint: 'The context says what is missing. It is tried again when the collector restarts.',
    retryable: false,
  },
  FN_SOURCE_ABSENT: {
    doc: 'What a source reads is not there on this host: no Open vSwitch, no DPDK program. No failure.',
    hint: 'Nothing to do where none is expected; else check collector.ovs.runDir and collector.dpdk.runtimeDirs.',
    retryable: true,
  },
  FN_OVS_AWAY: {
    doc: 'ovs-vswitchd or ovsdb-server is not there, has restarted, or did not answer in time.',
    hint: 'The next tick asks again; slots in between are bridged where the counters live on.',
    retryable: true,
  },
  FN_OVS_REPLY: {
    doc: 'Open vSwitch answered something that cannot be read.',
    hint: 'The context says to which question; please report it with the version of Open vSwitch.',
    retryable: true,
  },
  FN_OVS_REFUSED: {
    doc: 'A command that would change Open vSwitch, or is not known here, was not sent.',
    hint: 'The collector only reads.',
    retryable: false,
  },
  FN_QMP_AWAY: {
    doc: "QEMU's monitor is not there, has another client, or did not answer in time.",
    hint: 'It is tried again by itself. It serves one client at a time: give the collector one of its own (-qmp).',
    retryable: true,
  },
  FN_QMP_REPLY: {
    doc: "QEMU's monitor answered something that cannot be read.",
    hint: 'The context names the question; please report it with the version of QEMU.',
    retryable: true,
  },
  FN_QMP_REFUSED: {
    doc: 'A command that may harm a guest, or is not known here, was not sent to QEMU.',
    hint: 'The collector only asks what is known to do no harm.',
    retryable: false,
  },
  FN_TELEMETRY_REFUSED: {
    doc: 'A DPDK telemetry socket takes no connection: no listener behind the file, or ten clients already.',
    hint: 'A file left by a killed program is normal; else see which other agents are connected.',
    retryable: true,
  },
  FN_TELEMETRY_HANDSHAKE: {
    doc: 'A DPDK telemetry socket did not say who it is.',
    hint: 'Is it a socket of DPDK telemetry version 2?',
    retryable: true,
  },
  FN_TELEMETRY_GONE: {
    doc: 'A DPDK program ended its telemetry connection.',
    hint: 'It has probably ended; a new one is found by itself.',
    retryable: true,
  },
  FN_TELEMETRY_REPLY: {
    doc: 'A DPDK telemetry reply is damaged, cut, or the answer to another question.',
    hint: 'The context names the command. Its counters are unknown in this tick.',
    retryable: true,
  },
  FN_BUS_AWAY: {
    doc: 'No broker of the bus answers, or it cannot take or give records just now.',
    hint: 'It is tried again by itself; the context has the codes of Kafka. Are the brokers up and reachable?',
    retryable: true,
  },
  FN_BUS_REFUSED: {
    doc: 'The broker does not let us in: password, certificate, rights, or a protocol that it does not speak.',
    hint: 'Check bus.kafka.sasl, bus.kafka.tls and the rights of the user; the context has the codes of Kafka.',
    retryable: false,
  },
  FN_BUS_TOPIC: {
    doc: 'The topic of the bus is not there, does not fit, or was deleted and made anew.',
    hint: 'The context says what does not fit; change the topic with the tools of Kafka, or bus.kafka.topic.',
    retryable: false,
  },
  FN_CONTROL: {
    doc: 'The control store refused a statement.',
    hint: "The context has PostgreSQL's own code.",
    retryable: false,
  },
  FN_CONTROL_AWAY: {
    doc: 'The control store does not answer, or is starting.',
    hint: 'Ingest waits, and rows wait in the bus; see server.control and the log.',
    retryable: true,
  },
  FN_CONTROL_TIMEOUT: {
    doc: 'A statement of the control store passed its time bound.',
    hint: 'It is tried again; is the database overloaded?',
    retryable: true,
  },
  FN_CONTROL_CONFLICT: {
    doc: 'A transaction of the control store met others too often.',
    hint: 'It is tried again.',
    retryable: true,
  },
  FN_LEASE_LOST: {
    doc: 'Another server has taken over what this one was working on.',
    hint: 'Nothing to do: the other one goes on with the same blocks.',
    retryable: false,
  },
  FN_BLOCK_CHANGED: {
    doc: 'A block that was cut before a restart cannot be built again as it was.',
    hint: 'Run the version that cut it until the block is stored; the log still has the records.',
    retryable: false,
  },
  FN_HOST_FENCED: {
    doc: 'Two collectors speak for one host; the second one is kept out.',
    hint: 'Give one of them another host id. If the first is gone for good: fournines dead-letters release HOST, then replay.',
    retryable: false,
  },
  FN_SEQ_FORGOTTEN: {
    doc: 'A message comes so late and so far out of order that nobody knows whether it is stored.',
    hint: 'It is kept as a dead letter.',
    retryable: false,
  },
  FN_SPOOL_FULL: {
    doc: 'The spool holds as much as it may, or its disk is full; the tick was refused.',
    hint: 'The bus is behind or away, or the disk needs room; see collector.spool.bytesMax. The refused slots are bridged.',
    retryable: true,
  },
  FN_SPOOL_FOREIGN: {
    doc: 'The spool belongs to another host.',
    hint: 'Give each host a folder of its own (collector.spool.folder); after a new collector.host move the old folder away.',
    retryable: false,
  },
  FN_SPOOL: {
    doc: 'The spool cannot be read or written.',
    hint: 'Check the folder, its owner and the disk.',
    retryable: true,
  },
  FN_SERVER_AWAY: {
    doc: 'No Fournines server answers at that address.',
    hint: 'Start it (npm start, or fournines server), or name its address with --server.',
    retryable: true,
  },
  FN_SERVER_STOPPING: {
    doc: 'The server is stopping and begins nothing that takes long.',
    hint: 'Ask again when it runs: /api/v1/health/ready.',
    retryable: true,
  },
  FN_WIRE_DAMAGED: {
    doc: 'A message is torn, too long, or its checksum does not match.',
    hint: 'The bytes are kept as a dead letter.',
    retryable: false,
  },
  FN_WIRE_VERSION: {
    doc: 'A message has a wire version this server does not read.',
    hint: 'Upgrade the server before the collectors.',
    retryable: false,
  },
  FN_WIRE_SCHEMA: {
    doc: 'A block has a schema fingerprint this server does not know.',
    hint: 'Upgrade the server before the collectors.',
    retryable: false,
  },
  FN_WIRE_HEAD: {
    doc: 'A message names no host or stream, one that is too long, or a number that is too large.',
    hint: 'The bytes are kept as a dead letter. No collector of ours makes such a message: look who else writes to the topic.',
    retryable: false,
  },
  FN_WIRE_BLOCK: {
    doc: 'A block contradicts itself: a column with too many or too few values, or a value outside its enumeration.',
    hint: 'The bytes are kept as a dead letter.',
    retryable: false,
  },
  FN_BUS_FULL: {
    doc: 'The bus holds as much as it may; the record was refused.',
    hint: 'The store is behind or away: see /api/v1/health. The refused slots will be bridged.',
    retryable: true,
  },
  FN_BUS_RECORD_TOO_LARGE: {
    doc: 'A record is larger than the bus takes.',
    hint: 'Fewer objects a host, or a higher bus.recordBytesMax.',
    retryable: false,
  },
  FN_BUS_OFFSET: {
    doc: 'The records from this offset on are no longer (or not yet) on the bus.',
    hint: 'The reader goes on at the earliest offset and counts what it missed.',
    retryable: false,
  },
  FN_BUS_CLOSED: { doc: 'The bus is closed.', hint: 'The process is stopping.', retryable: false },
  FN_STORE: {
    doc: 'The store refused a statement.',
    hint: "The context has the store's own code.",
    retryable: false,
  },
  FN_STORE_AWAY: {
    doc: 'The store does not answer or is restarting.',
    hint: 'Rows wait in the bus within its bound.',
    retryable: true,
  },
  FN_STORE_TIMEOUT: {
    doc: 'A query passed its time bound.',
    hint: 'Ask for a shorter window.',
    retryable: true,
  },
  FN_STORE_TOO_MUCH: {
    doc: 'The answer would have more rows than one answer may.',
    hint: 'Ask for a shorter window or a larger step.',
    retryable: false,
  },
  FN_STORE_OTHER: {
    doc: 'Servers that share a log have different stores.',
    hint: 'Give all servers of a log the same server.store of kind clickhouse, or run one only.',
    retryable: true,
  },
  FN_MIGRATION: {
    doc: "The store's schema is newer than this program, or a migration failed.",
    hint: 'Run the newer program, or restore the folder from a backup.',
    retryable: false,
  },
  FN_BACKUP_BUSY: {
    doc: 'No backup can be taken just now: one is under way, or ingest does not come to the end of a block.',
    hint: 'Try again; /api/v1/health says whether a store refuses blocks.',
    retryable: true,
  },
  FN_BACKUP_ELSEWHERE: {
    doc: 'The store is on a server of its own, and so are its files.',
    hint: "Back it up with that server's own means; see docs/backup.md.",
    retryable: false,
  },
  FN_BACKUP_FOLDER: {
    doc: 'The folder of a backup cannot be written: full, or refused.',
    hint: 'Make room, or name a folder on another disk. What is there has no manifest.json and is no backup.',
    retryable: false,
  },
  FN_BACKUP_DAMAGED: {
    doc: 'A backup is not whole: never finished, or a file is missing or has changed.',
    hint: 'Take another backup; the context names the file.',
    retryable: false,
  },
  FN_RESTORE_UNFINISHED: {
    doc: 'A restore into this data folder was cut off: what is there is incomplete.',
    hint: 'Remove the folder and restore again.',
    retryable: false,
  },
  FN_QUERY_PARAMETER: {
    doc: 'A query parameter or path part does not fit.',
    hint: 'The errors list says which and how to mend it; /api/v1/openapi.json has them all.',
    retryable: false,
  },
  FN_NOT_FOUND: { doc: 'There is no such thing.', hint: 'Check the name and the time range.', retryable: false },
  FN_STATE_CONFLICT: {
    doc: 'What is to be changed is in a state that does not allow it; perhaps somebody else was faster.',
    hint: 'Read it again and decide anew.',
    retryable: false,
  },
  FN_RECORD_CHANGED: {
    doc: 'A record that never changes is no longer what was recorded; nothing is made of it.',
    hint: 'Find out who wrote to the control store, and restore the record from a backup.',
    retryable: false,
  },
  FN_MACHINE_STATE: {
    doc: 'The stored state of a repair is damaged, or of a newer version: the machine of that datapath starts anew.',
    hint: 'Nothing was lost but what was told already of a breach that goes on: it may be told once more.',
    retryable: false,
  },
  FN_SLOTS_FILE: {
    doc: 'A file of slots contradicts itself, or has a line that is none; no verdict is made of it.',
    hint: 'Mend the line, or export the file again with fournines export-slots; docs/evaluate.md has the keys.',
    retryable: false,
  },
  FN_OBJECTIVE_FILE: {
    doc: 'An objective is not OpenSLO v1, or asks for what cannot be computed.',
    hint: 'Mend the key at that line; docs/evaluate.md has an example and every key.',
    retryable: false,
  },
  FN_EXCLUSIONS_FILE: {
    doc: 'A list of exclusions has a mistake.',
    hint: 'Mend the key at that line: each exclusion has from, to, category, reason and approvedBy.',
    retryable: false,
  },
  FN_OBJECT_FILE: {
    doc: 'Documents of objects have mistakes; all are listed, and nothing was applied.',
    hint: 'Mend the key at that line; docs/objectives.md has an example of each kind.',
    retryable: false,
  },
  FN_ALERT_ROUTES: {
    doc: 'Routes of alerts, receivers, inhibitions or silences have mistakes; all are listed, and the former ones stay.',
    hint: 'Mend what the message names; docs/alerts.md has what each of them may be.',
    retryable: false,
  },
  FN_WEBHOOK_KEY: {
    doc: 'A key of webhooks is none, or there is none to sign with.',
    hint: 'Keys begin with whsec_ (24 to 64 bytes), whsk_ or whpk_, and go on in base64; docs/webhooks.md has more.',
    retryable: false,
  },
  FN_TEMPLATE: {
    doc: 'A template of messages has a mistake, names what there is not, or gives too much text.',
    hint: 'The message has its line; docs/webhooks.md lists every name. Until it is mended the built-in one is used.',
    retryable: false,
  },
  FN_RECEIVER: {
    doc: "A receiver's settings do not fit its channel; nothing can be formed for it.",
    hint: 'Mend what the message names; docs/webhooks.md has the settings of each channel.',
    retryable: false,
  },
  FN_TOO_MANY_STREAMS: {
    doc: 'Too many event streams are open.',
    hint: 'Close a page, or raise server.streamsMax.',
    retryable: true,
  },
  FN_DELIVERY_QUEUE_FULL: {
    doc: 'More waits for a receiver than may: the oldest notification that is no resolve is a dead letter.',
    hint: 'See why the receiver does not take them, then replay its dead letters.',
    retryable: false,
  },
  FN_DELIVERY_EXPIRED: {
    doc: 'A notification could not be delivered for three days: it is a dead letter.',
    hint: 'See its attempts, mend the receiver, then replay it.',
    retryable: false,
  },
  FN_DELIVERY_GONE: {
    doc: 'The receiver answered 410 Gone: it is disabled, and what waits for it stays.',
    hint: 'Give it another address, or enable it again.',
    retryable: false,
  },
  FN_EGRESS_RULES: {
    doc: 'A rule of where receivers may be has mistakes; all are listed.',
    hint: 'Mend the entry; docs/egress.md says what can be approved, and what never can.',
    retryable: false,
  },
  FN_EGRESS_REFUSED: {
    doc: 'A notification was not sent: the rules do not let a request go there, or not like this.',
    hint: 'The detail says which; docs/egress.md says what can be approved. Then replay it.',
    retryable: false,
  },
  FN_RECEIVER_AWAY: {
    doc: 'A receiver gave no answer: its name, the connection, its certificate, the time, or half an answer.',
    hint: 'The detail says which. It is tried again by itself.',
    retryable: true,
  },
  FN_RECEIVER_FAILING: {
    doc: 'A receiver answered that it cannot take a notification now: 408, 425, 429 or 5xx; by e-mail: 4xx, or no log-in.',
    hint: 'It is tried again by itself, not before the time that the receiver asks for.',
    retryable: true,
  },
  FN_RECEIVER_REJECTED: {
    doc: 'A receiver answered that it does not take a notification: 3xx (redirects are not followed) or 4xx; by e-mail: 5xx.',
    hint: 'See its answer; mend its address, its keys or the receiver, then replay the notification.',
    retryable: false,
  },
  FN_ALERTING_FILE: {
    doc: 'The document of receivers and routes has a mistake; nothing was applied.',
    hint: 'Mend the key at that line; docs/alerting.md has an example.',
    retryable: false,
  },
  FN_PLAN_INPUT: {
    doc: 'The input of a plan has a mistake; there is no plan.',
    hint: 'Mend the key at that line; docs/plans.md has an example.',
    retryable: false,
  },
  FN_RECEIVER_UNKNOWN: {
    doc: 'There is no such receiver in the document that holds now.',
    hint: 'Name it in the document of receivers and routes; what waits for it is tried again by itself.',
    retryable: false,
  },
  FN_RECEIVER_KEYLESS: {
    doc: 'A receiver whose requests are signed has no key yet.',
    hint: 'Make one: fournines webhooks new-key RECEIVER. What waits is tried again by itself.',
    retryable: false,
  },
  FN_MAIL_SERVER: {
    doc: 'A receiver is to be told by e-mail, and no mail server is named.',
    hint: 'Set server.alerts.mail (docs/email.md). What waits is tried again by itself.',
    retryable: false,
  },
  FN_SECRET_SEALED: {
    doc: 'A secret does not open: it was sealed with another key, or its row was changed.',
    hint: 'Check server.secretsKeyFile; if that key is lost, make new secrets and give them to the receivers.',
    retryable: false,
  },
  FN_SILENCES_FULL: {
    doc: 'As many silences as are remembered are not over yet.',
    hint: 'Make one whose matchers cover several, or wait: one that was ended takes its place until its first end.',
    retryable: false,
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof errorCatalogue;
