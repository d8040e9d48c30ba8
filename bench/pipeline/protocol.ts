import type { BrokerAddress } from '../../bus/kafka/link.ts';
import type { LabPostgres } from '../../test/lab/postgres/lab-postgres.ts';

/** What the bench and the process with the server's ingest say to each other, with 'advanced' serialization. */

export type Control = 'embedded' | 'postgres';

export interface Setting {
  readonly folder: string;
  /** Undefined: there is no PostgreSQL here. */
  readonly postgres: LabPostgres['options'] | undefined;
}

/** Ingest of a whole topic, from its first record to its last. */
export interface Drain {
  readonly type: 'drain';
  readonly control: Control;
  readonly broker: BrokerAddress;
  readonly topic: string;
  readonly records: number;
}

export interface FilledFile {
  readonly table: 'port_slot' | 'tick';
  readonly path: string;
}

/** Files put into the tables one after the other. */
export interface Straight {
  readonly type: 'straight';
  readonly token: string;
  readonly files: readonly FilledFile[];
}

export type Request =
  | Drain
  | Straight
  /** What the tables hold. */
  | { readonly type: 'sums' }
  | { readonly type: 'disk'; readonly merged: boolean }
  | { readonly type: 'clear' }
  | { readonly type: 'close' };

export interface Pids {
  readonly store: number;
  readonly control: number | undefined;
}

export interface Drained {
  readonly ms: number;
  readonly rows: number;
  readonly batches: number;
  readonly duplicates: number;
  readonly deadLetters: number;
}

export interface Sums {
  readonly rows: number;
  readonly ticks: number;
  readonly packets: string;
  /** Of the minutes, which the views made. */
  readonly minutePackets: string;
}

export type Answer = Pids | Drained | { readonly ms: number } | Sums | { readonly bytes: number } | undefined;

export type Reply = { readonly answer: Answer } | { readonly failed: string };
