import { wiredTypes } from '../ledger/joints.ts';
import { hostPorts, uplinkKnown, uplinkLoss } from '../store/queries/uplinks.ts';
import { type QueryContext, type RowsOf, runQuery } from '../store/run-query.ts';
import { type SharedLoss, unsureLoss } from './shared-loss.ts';
import { endOf, type Path } from './slot-line.ts';

/** Unix seconds, half open. */
interface Window {
  readonly from: number;
  readonly to: number;
}

type LossRow = RowsOf<typeof uplinkLoss>[number];

/** Series kept, and the longest of them: beside the rows of one path they are little. */
const seriesMax = 64;
const seriesLengthMax = 20_000;
const besideMax = 10_000;
const wiredList = JSON.stringify([...wiredTypes]);

/**
 * What the uplinks of a path's datapath lost before anybody knew whose it was. Paths of one host share what was read, so
 * one of these lives as long as one look at the store, and no longer: rows come later.
 */
export class Uplinks {
  readonly #wired = new Map<string, RowsOf<typeof hostPorts>>();
  readonly #beside = new Map<string, readonly string[]>();
  readonly #series = new Map<string, readonly SharedLoss[]>();

  /** Uplinks that packets to a guest may have come by: ports with a wire of the same datapath. Sorted by name. */
  async beside(store: QueryContext, { host, port, direction }: Path): Promise<readonly string[]> {
    if (direction !== 'toGuest') return [];
    const known = this.#beside.get(`${host} ${port}`);
    if (known !== undefined) return known;
    const wired = this.#wired.get(host) ?? (await runQuery(store, hostPorts, { host, port: '', types: wiredList }));
    this.#wired.set(host, wired);
    // A host without a wire has nobody whose loss could be shared: no port of it is asked for.
    const [own] = wired.length === 0 ? [] : await runQuery(store, hostPorts, { host, port, types: '[]' });
    const isBeside = ({ datapaths }: (typeof wired)[number]) =>
      datapaths.some((datapath) => own?.datapaths.includes(datapath) ?? false);
    const beside = wired.filter((each) => each.port !== port && isBeside(each)).map((each) => each.port);
    if (this.#beside.size < besideMax) this.#beside.set(`${host} ${port}`, beside);
    return beside;
  }

  /** Everything that touches the window, in order of time; what began up to a day before it included. */
  async lossOf(store: QueryContext, path: Path, { from, to }: Window): Promise<readonly SharedLoss[]> {
    const uplinks = await this.beside(store, path);
    if (uplinks.length === 0) return [];
    const ports = JSON.stringify(uplinks);
    const key = JSON.stringify([path.host, ports, from, to]);
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const rows = await runQuery(store, uplinkLoss, { host: path.host, ports, from, to });
    const losses = rows
      .filter(({ known }) => known === 1)
      .map(({ port, slot, slots, packets }): SharedLoss => {
        return { uplink: uplinkOf(path.host, port), slot, slots, packets: BigInt(packets), isEach: false };
      });
    const unsure = Map.groupBy(
      rows.filter(({ known }) => known === 0),
      ({ port }) => port,
    );
    for (const [port, spans] of unsure) losses.push(...(await this.#unsure(store, { host: path.host, port }, spans)));
    losses.sort((a, b) => a.slot - b.slot);
    if (this.#series.size < seriesMax && losses.length <= seriesLengthMax) this.#series.set(key, losses);
    return losses;
  }

  /** A row that does not know says nothing where another one does: a clock that was set back tells time twice. */
  async #unsure(
    store: QueryContext,
    { host, port }: Pick<Path, 'host' | 'port'>,
    spans: readonly LossRow[],
  ): Promise<SharedLoss[]> {
    const from = Math.min(...spans.map(({ slot }) => slot));
    const to = spans.reduce((most, span) => Math.max(most, endOf(span)), 0);
    const known = await runQuery(store, uplinkKnown, { host, ports: JSON.stringify([port]), from, to });
    return unsureLoss(uplinkOf(host, port), spans, known);
  }

  /** What was read here that reaches over an end of a window: whoever reads one side of it reads the others again. */
  reachingOver({ from, to }: Window): SharedLoss[] {
    const reaches = (loss: SharedLoss) =>
      loss.slot < to && endOf(loss) > from && (loss.slot < from || endOf(loss) > to);
    return [...this.#series.values()].flatMap((losses) => losses.filter(reaches));
  }
}

function uplinkOf(host: string, port: string): string {
  return `${host} ${port}`;
}
