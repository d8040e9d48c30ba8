import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createBrotliCompress, createDeflate, createGzip, createZstdCompress } from 'node:zlib';
import { statusOf } from './exception.ts';
import { header } from './request.ts';

const contentTypes: Readonly<Record<string, string>> = {
  TabSeparated: 'text/tab-separated-values; charset=UTF-8',
  TSV: 'text/tab-separated-values; charset=UTF-8',
  CSV: 'text/csv; charset=UTF-8; header=absent',
  CSVWithNames: 'text/csv; charset=UTF-8; header=present',
  JSON: 'application/json; charset=UTF-8',
  JSONEachRow: 'application/x-ndjson; charset=UTF-8',
  JSONCompactEachRow: 'application/x-ndjson; charset=UTF-8',
};
const encoders = {
  zstd: createZstdCompress,
  gzip: createGzip,
  br: createBrotliCompress,
  deflate: createDeflate,
} as const;
type Encoding = keyof typeof encoders;

export interface AnswerHead {
  readonly queryId: string;
  readonly format: string;
  readonly timezone: string;
}

/** One answer: its head goes out with the first bytes, so that until then it can still become an error. */
export class Answer {
  readonly #response: ServerResponse;
  readonly #encoding: Encoding | undefined;
  readonly #tag = randomBytes(8).toString('hex');
  #out: Writable | undefined;
  #summary: Readonly<Record<string, string>> = {};

  constructor(incoming: IncomingMessage, response: ServerResponse, mayEncode: boolean) {
    this.#response = response;
    const accepted = header(incoming, 'accept-encoding') ?? '';
    const known = Object.keys(encoders) as Encoding[];
    this.#encoding = mayEncode ? known.find((name) => new RegExp(`\\b${name}\\b`).test(accepted)) : undefined;
  }

  head({ queryId, format, timezone }: AnswerHead): void {
    this.#response.setHeader('X-ClickHouse-Server-Display-Name', 'lab');
    this.#response.setHeader('X-ClickHouse-Query-Id', queryId);
    this.#response.setHeader('X-ClickHouse-Timezone', timezone);
    this.#response.setHeader('X-ClickHouse-Format', format);
    this.#response.setHeader('X-ClickHouse-Exception-Tag', this.#tag);
    this.#response.setHeader('Content-Type', contentTypes[format] ?? 'text/plain; charset=UTF-8');
  }

  summary(numbers: Readonly<Record<string, string>>): void {
    this.#summary = numbers;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const out = this.#begin(200);
    if (!out.write(bytes)) await Promise.race([once(out, 'drain'), once(this.#response, 'close')]);
  }

  end(): void {
    this.#begin(200).end();
  }

  /** Before the first bytes: status and headers; behind them, the form that a client looks for at the end. */
  fail(code: number, text: string): void {
    if (this.#out === undefined) {
      this.#response.setHeader('X-ClickHouse-Exception-Code', String(code));
      this.#response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
      this.#begin(statusOf(code)).end(text);
      return;
    }
    const marker = '__exception__';
    const length = Buffer.byteLength(text);
    this.#out.end(`\r\n${marker}\r\n${this.#tag}\r\n${text}${length} ${this.#tag}\r\n${marker}\r\n`);
  }

  #begin(status: number): Writable {
    if (this.#out !== undefined) return this.#out;
    this.#response.statusCode = status;
    this.#response.setHeader('X-ClickHouse-Summary', JSON.stringify(this.#summary));
    if (this.#encoding === undefined) {
      this.#out = this.#response;
      return this.#response;
    }
    this.#response.setHeader('Content-Encoding', this.#encoding);
    const encoder = encoders[this.#encoding]();
    encoder.pipe(this.#response);
    // Nobody is there to be told.
    this.#response.once('close', () => encoder.destroy());
    encoder.on('error', () => undefined);
    this.#out = encoder;
    return encoder;
  }
}
