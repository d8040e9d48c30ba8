import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerDetail, LedgerPage } from '../../server/api/schema/ledger.ts';
import type { PortPage, PortSums } from '../../server/api/schema/ports.ts';

/** Asks a running product, as any client would. */
export class ProductApi {
  readonly #base: string;
  readonly host: string;

  constructor(url: string, host: string = os.hostname()) {
    this.#base = new URL('/api/v1/', url).href;
    this.host = host;
  }

  async get<T>(path: string, deadlineMs = 30_000): Promise<T> {
    const response = await fetch(new URL(path, this.#base), { signal: AbortSignal.timeout(deadlineMs) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Asks again until `is` holds of the answer; the last answer is in the error. */
  async until<T>(path: string, is: (answer: T) => boolean, deadlineMs: number): Promise<T> {
    const end = Date.now() + deadlineMs;
    for (;;) {
      const answer = await this.get<T>(path).catch((error: unknown) => {
        if (Date.now() > end) throw error;
        return undefined;
      });
      if (answer !== undefined && is(answer)) return answer;
      if (Date.now() > end)
        throw new Error(`${path} not so within ${deadlineMs} ms: ${JSON.stringify(answer)?.slice(0, 2000)}`);
      await delay(200);
    }
  }

  /** Sums of every port of this host over [from, to), once all of it is stored. */
  async ports(from: number, to: number): Promise<readonly PortSums[]> {
    const window = `from=${iso(from)}&to=${iso(to)}`;
    const page = await this.until<PortPage>(
      `ports?host=${this.host}&limit=1000&${window}`,
      ({ completeTo }) => completeTo !== null && Date.parse(completeTo) >= to * 1000,
      60_000,
    );
    return page.items;
  }

  /** The ledger of the lab's datapath over [from, to), once drops inside and copies have been told up to `settledTo`. */
  async ledger(from: number, to: number, settledTo: number): Promise<LedgerPage['items'][number]> {
    const page = await this.until<LedgerPage>(
      `ledger?host=${this.host}&from=${iso(from)}&to=${iso(to)}`,
      ({ items }) => Date.parse(items[0]?.settledTo ?? '1970-01-01T00:00:00Z') >= settledTo * 1000,
      60_000,
    );
    return page.items[0] as LedgerPage['items'][number];
  }

  /** Everything about one datapath, as soon as `is` holds of it. */
  ledgerDetail(
    datapath: string,
    from: number,
    to: number,
    is: (detail: LedgerDetail) => boolean,
  ): Promise<LedgerDetail> {
    const window = `from=${iso(from)}&to=${iso(to)}&step=1`;
    return this.until(`ledger/${this.host}/${encodeURIComponent(datapath)}?${window}`, is, 60_000);
  }
}

export function iso(second: number): string {
  return new Date(second * 1000).toISOString();
}

/** Waits for the next whole second and a little more: the collector has read by then. Gives that second. */
export async function nextBoundary(): Promise<number> {
  const boundary = Math.floor(Date.now() / 1000) + 1;
  await delay(boundary * 1000 - Date.now() + 600);
  return boundary;
}

/** Waits until a second has begun. */
export async function reached(second: number): Promise<void> {
  await delay(Math.max(0, second * 1000 - Date.now()));
}
