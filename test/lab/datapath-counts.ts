/** The counters of one datapath port as `dpctl/show -s` prints them; undefined where it prints `?`. */
export interface DatapathPort {
  readonly name: string;
  readonly type: string;
  readonly rxPackets: bigint | undefined;
  readonly rxDropped: bigint | undefined;
  readonly rxBytes: bigint | undefined;
  readonly txPackets: bigint | undefined;
  readonly txDropped: bigint | undefined;
  readonly txBytes: bigint | undefined;
}

const portLine = /^ {2}port (\d+): (.+) \(([a-z]+)(?:: .*)?\)$/;

function find(lines: readonly string[], start: string, key: string): bigint | undefined {
  const line = lines.find((each) => each.trim().startsWith(start));
  const value = new RegExp(`${key}:(\\d+)`).exec(line ?? '')?.[1];
  return value === undefined ? undefined : BigInt(value);
}

function bytesOf(lines: readonly string[], direction: string): bigint | undefined {
  const line = lines.find((each) => each.trim().startsWith('RX bytes'));
  const value = new RegExp(`${direction} bytes:(\\d+)`).exec(line ?? '')?.[1];
  return value === undefined ? undefined : BigInt(value);
}

/**
 * Reads `dpctl/show -s`. The lab reads it by itself, so that a mistake in the product's parser cannot hide from the
 * tests that compare both.
 */
export function parseDatapathCounts(text: string): ReadonlyMap<string, DatapathPort> {
  const lines = text.split('\n');
  const starts = lines.flatMap((line, index) => (portLine.test(line) ? [index] : []));
  return new Map(
    starts.map((start, index) => {
      const [, , name = '', type = ''] = portLine.exec(lines[start] ?? '') ?? [];
      const own = lines.slice(start + 1, starts[index + 1] ?? lines.length);
      const port = {
        name,
        type,
        rxPackets: find(own, 'RX packets', 'packets'),
        rxDropped: find(own, 'RX packets', 'dropped'),
        rxBytes: bytesOf(own, 'RX'),
        txPackets: find(own, 'TX packets', 'packets'),
        txDropped: find(own, 'TX packets', 'dropped'),
        txBytes: bytesOf(own, 'TX'),
      };
      return [name, port];
    }),
  );
}
