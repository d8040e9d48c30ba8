import { type Static, Type } from 'typebox';

const MiB = 1024 * 1024;

const ControlConfigSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('embedded'), Type.Literal('postgres')], {
      default: 'embedded',
      description: 'Where the control store is: in the data folder, or a PostgreSQL (several servers share one).',
    }),
    host: Type.String({ minLength: 1, maxLength: 255, default: '127.0.0.1', description: 'PostgreSQL: its address.' }),
    port: Type.Integer({ minimum: 1, maximum: 65535, default: 5432, description: 'PostgreSQL: its port.' }),
    database: Type.String({ minLength: 1, maxLength: 63, default: 'fournines', description: 'PostgreSQL: database.' }),
    user: Type.String({ minLength: 1, maxLength: 63, default: 'fournines', description: 'PostgreSQL: user.' }),
    passwordFile: Type.String({ default: '', description: 'PostgreSQL: file with the password; empty: none.' }),
    tls: Type.Boolean({ default: true, description: 'PostgreSQL: encrypt, and check the certificate.' }),
    caFile: Type.String({
      default: '',
      description: "PostgreSQL: PEM file of the certificate's authority; empty: those the system trusts.",
    }),
  },
  { additionalProperties: false, default: {} },
);

export type ControlConfig = Static<typeof ControlConfigSchema>;

const StoreConfigSchema = Type.Object(
  {
    kind: Type.Union([Type.Literal('embedded'), Type.Literal('clickhouse')], {
      default: 'embedded',
      description: 'Where the store is: in the data folder, or a ClickHouse over HTTP (several servers share one).',
    }),
    url: Type.String({
      maxLength: 300,
      // Neither a password nor a path: the first would be shown with the configuration, the second goes unheard.
      pattern: '^https?://[^/?#@\\s]+/?$',
      default: 'http://127.0.0.1:8123',
      description: 'ClickHouse: http:// or https:// with host and port. Over http the password can be read on the way.',
    }),
    database: Type.String({
      pattern: '^[A-Za-z_][A-Za-z0-9_]{0,62}$',
      default: 'fournines',
      description: 'ClickHouse: database, which has to be there.',
    }),
    user: Type.String({ minLength: 1, maxLength: 63, default: 'fournines', description: 'ClickHouse: user.' }),
    passwordFile: Type.String({ default: '', description: 'ClickHouse: file with the password; empty: none.' }),
    caFile: Type.String({
      default: '',
      description: "ClickHouse: PEM file of the certificate's authority; empty: those the runtime trusts.",
    }),
    compression: Type.Union([Type.Literal('zstd'), Type.Literal('gzip'), Type.Literal('none')], {
      default: 'zstd',
      description: 'ClickHouse: compression of what is sent.',
    }),
  },
  { additionalProperties: false, default: {} },
);

export type StoreConfig = Static<typeof StoreConfigSchema>;

const MailConfigSchema = Type.Object(
  {
    host: Type.String({
      maxLength: 255,
      default: '',
      description: 'Mail server for receivers of e-mail; empty: none.',
    }),
    port: Type.Integer({ minimum: 1, maximum: 65535, default: 587, description: 'Its port; 465 goes with implicit.' }),
    tls: Type.Union([Type.Literal('implicit'), Type.Literal('starttls'), Type.Literal('none')], {
      default: 'starttls',
      description:
        'starttls: encrypted before anything is said; implicit: from the first byte; none: in the clear, on this machine or to an address of a private network alone, and with a password on this machine alone.',
    }),
    user: Type.String({ maxLength: 300, default: '', description: 'User; empty: it asks for none.' }),
    passwordFile: Type.String({ default: '', description: 'File with the password; empty: none.' }),
    from: Type.String({ maxLength: 254, default: '', description: 'Address that mails are from; needed with a host.' }),
    caFile: Type.String({
      default: '',
      description: "PEM file of the certificate's authority; empty: those the runtime trusts.",
    }),
  },
  { additionalProperties: false, default: {} },
);

export type MailConfig = Static<typeof MailConfigSchema>;

const AlertsConfigSchema = Type.Object(
  {
    publicUrl: Type.String({
      maxLength: 300,
      pattern: '^(https?://[^?#@\\s]+)?$',
      default: '',
      description: 'Address of this page as receivers of notifications reach it; empty: where the server listens.',
    }),
    secretsKeyFile: Type.String({
      default: '',
      description:
        'File with 64 hex digits that keys of receivers are sealed with; empty: secrets.key in the data folder, made when it is first needed. Servers that share a control store need the same one.',
    }),
    ports: Type.Array(Type.Integer({ minimum: 1, maximum: 65535 }), {
      maxItems: 256,
      default: [],
      description: 'Ports that receivers may have beside 443 and 8443.',
    }),
    own: Type.Array(Type.String({ minLength: 1, maxLength: 300 }), {
      maxItems: 256,
      default: [],
      description:
        "Where no receiver ever is, beside this machine and both stores: addresses, ranges or host:port of the product's network (Kafka, hypervisors).",
    }),
    keepDays: Type.Integer({
      minimum: 100,
      maximum: 4_000,
      default: 400,
      description: 'How long the log keeps what was delivered, days. Dead letters and what waits are kept for ever.',
    }),
    loopback: Type.Union([Type.Literal('refused'), Type.Literal('development')], {
      default: 'refused',
      description: 'development: receivers on this machine, to try them out alone.',
    }),
    resendSeconds: Type.Integer({
      minimum: 5,
      maximum: 600,
      default: 60,
      description:
        'How often a receiver of channel alertmanager-api is told again what goes on, s; after four times of silence it takes it for over.',
    }),
    mail: MailConfigSchema,
  },
  { additionalProperties: false, default: {} },
);

const RemediationConfigSchema = Type.Object(
  {
    mode: Type.Union([Type.Literal('off'), Type.Literal('advise')], {
      default: 'advise',
      description:
        'advise: say what is wrong with each datapath and which queues to move, or why none. Nothing is ever written to a host.',
    }),
  },
  { additionalProperties: false, default: {} },
);

/** The server's slice of the configuration. */
export const ServerConfigSchema = Type.Object(
  {
    address: Type.String({
      minLength: 1,
      maxLength: 255,
      default: '127.0.0.1',
      description: 'Address to listen on. There is no log-in yet: keep it on loopback, or behind a proxy that has one.',
    }),
    port: Type.Integer({ minimum: 0, maximum: 65535, default: 8080, description: 'HTTP port; 0: any free one.' }),
    staleAfterMs: Type.Integer({
      minimum: 1500,
      maximum: 600_000,
      default: 5000,
      description: 'A host without a tick for so long is stale, ms.',
    }),
    liveSeconds: Type.Integer({
      minimum: 60,
      maximum: 3600,
      default: 300,
      description: 'How many slots of each port are kept in memory, s.',
    }),
    streamsMax: Type.Integer({ minimum: 1, maximum: 10_000, default: 200, description: 'Event streams open at once.' }),
    busBytesMax: Type.Integer({
      minimum: 65_536,
      maximum: 4096 * MiB,
      default: 64 * MiB,
      description:
        'Bytes of ticks that may wait for the store in a bus of this process; beyond, they wait in the spool.',
    }),
    lingerMs: Type.Integer({
      minimum: 50,
      maximum: 60_000,
      default: 2000,
      description: 'How long rows wait for company before they are inserted, ms.',
    }),
    leaseMs: Type.Integer({
      minimum: 1000,
      maximum: 600_000,
      default: 10_000,
      description: 'How long partitions stay with a server that is not heard of, before another one takes them, ms.',
    }),
    fenceSilentSeconds: Type.Integer({
      minimum: 0,
      maximum: 3600,
      default: 5,
      description:
        'A second collector with the same host id is kept out until the first has told no slot for so long, s.',
    }),
    diskLowBytes: Type.Integer({
      minimum: 0,
      maximum: 2 ** 50,
      default: 2048 * MiB,
      description: "Free bytes of the data folder's disk below which health is degraded.",
    }),
    diskFloorBytes: Type.Integer({
      minimum: 0,
      maximum: 2 ** 50,
      default: 512 * MiB,
      description:
        'Free bytes below which nothing new is stored, and rows wait in the bus until there is room; 0: store until it is full.',
    }),
    control: ControlConfigSchema,
    store: StoreConfigSchema,
    alerts: AlertsConfigSchema,
    remediation: RemediationConfigSchema,
  },
  { additionalProperties: false, default: {} },
);

export type ServerConfig = Static<typeof ServerConfigSchema>;
