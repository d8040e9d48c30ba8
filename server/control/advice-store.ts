import { FourninesError } from '../../core/runtime/error.ts';
import { sha256Of } from '../objects/canonical-json.ts';
import type { Advice } from '../remediation/advise/advice.ts';
import type { Outcome } from '../remediation/advise/outcome.ts';
import type { DatapathState, MachineRow, Standing, WhichDatapath } from '../remediation/advise/state.ts';
import { type PhaseName, phaseNames } from '../remediation/machine/state.ts';
import type { ControlRow, ControlSession, ControlStore } from './control-store.ts';
import { nextLink } from './hash-chain.ts';

export interface RecordedAdvice {
  readonly id: string;
  readonly entry: number;
  readonly sha256: string;
  readonly previous: string | null;
  readonly advice: Advice;
}

export interface LastAdvice {
  readonly last: RecordedAdvice | undefined;
  readonly watched: RecordedAdvice | undefined;
}

export interface FoundAdvice {
  readonly told: RecordedAdvice;
  readonly outcome: Outcome | null;
  readonly follows: boolean;
}

export interface AdviceQuery {
  readonly host?: string | undefined;
  readonly datapath?: string | undefined;
  /** The last one of the page before. */
  readonly after?: { readonly at: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** How a datapath stood, and where its machine is since when, unix seconds; null: none ran yet. */
export interface ListedState extends DatapathState {
  readonly phase: PhaseName | null;
  readonly since: number | null;
}

export interface StateQuery {
  /** The last one of the page before. */
  readonly after?: { readonly host: string; readonly datapath: string } | undefined;
  readonly limit: number;
}

/** Entries of a datapath that are kept, and how long any is, s. */
const entriesMax = 200;
const keptSeconds = 90 * 86_400;
/** A datapath that was not looked at for so long is gone, s. */
const stateSeconds = 86_400;
const idCharacters = 32;

/** What was advised of datapaths and what came of it: entries are added in a chain a datapath, and the oldest go. */
export class AdviceStore {
  readonly #store: ControlStore;

  constructor(store: ControlStore) {
    this.#store = store;
  }

  /** Adds an entry behind the last one of its datapath and gives its id; `standing` goes in with it, or neither does. */
  async append(body: Advice | Outcome, at: number, standing?: Standing): Promise<string> {
    return this.#store.transaction(async (session) => {
      const { host, datapath } = body;
      const last = await lastOf(session, host, datapath);
      const entry = Number(last?.['entry'] ?? 0) + 1;
      const previous = last === undefined ? null : String(last['sha256']);
      const link = nextLink({ ...body, entry }, previous);
      const id = link.sha256.slice(0, idCharacters);
      await session.query(
        `INSERT INTO remediation_entry (host, datapath, entry, id, kind, advice, moves, at, document, sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          ...[host, datapath, entry, id, body.kind, body.kind === 'outcome' ? body.advice : id, movesOf(body)],
          ...[at, link.document, link.sha256],
        ],
      );
      await session.query(
        'DELETE FROM remediation_entry WHERE host = $1 AND datapath = $2 AND entry <= $3::integer - $4::integer',
        [host, datapath, entry, entriesMax],
      );
      if (standing !== undefined) await keep(session, [{ ...standing, state: { ...standing.state, advice: id } }]);
      return id;
    });
  }

  /** The last advice of a datapath since an instant, and the last with moves, unless something came of that. */
  async last(
    { host, datapath }: { readonly host: string; readonly datapath: string },
    since: number,
  ): Promise<LastAdvice> {
    const rows = await this.#store.query(
      `SELECT id, moves, document, sha256, EXISTS (
         SELECT 1 FROM remediation_entry o WHERE o.kind = 'outcome' AND o.advice = e.id) AS has_outcome
       FROM remediation_entry e WHERE host = $1 AND datapath = $2 AND kind = 'advice' AND at >= $3
         AND entry IN (
           SELECT max(m.entry) FROM remediation_entry m WHERE m.host = $1 AND m.datapath = $2 AND m.kind = 'advice'
           GROUP BY m.moves > 0)
       ORDER BY entry DESC LIMIT 2`,
      [host, datapath, since],
    );
    const [last] = rows;
    const moving = rows.find(({ moves }) => Number(moves) > 0);
    return {
      last: last === undefined ? undefined : adviceIn(last),
      watched: moving === undefined || moving['has_outcome'] === true ? undefined : adviceIn(moving),
    };
  }

  /** Newest first. */
  async list({ host, datapath, after, limit }: AdviceQuery): Promise<readonly RecordedAdvice[]> {
    const rows = await this.#store.query(
      `SELECT id, document, sha256 FROM remediation_entry
       WHERE kind = 'advice' AND ($1::text IS NULL OR host = $1) AND ($2::text IS NULL OR datapath = $2)
         AND ($3::bigint IS NULL OR at < $3 OR (at = $3 AND id > $4::text))
       ORDER BY at DESC, id LIMIT $5`,
      [host ?? null, datapath ?? null, after?.at ?? null, after?.id ?? null, limit],
    );
    return rows.map(adviceIn);
  }

  /** Advice, the first that came of it, and whether it follows the entry before it; undefined: there is no such advice. */
  async find(id: string): Promise<FoundAdvice | undefined> {
    const rows = await this.#store.query(
      `SELECT id, kind, document, sha256 FROM remediation_entry
       WHERE (id = $1 AND kind = 'advice') OR (advice = $1 AND kind = 'outcome') ORDER BY entry LIMIT 2`,
      [id],
    );
    const [row, came] = rows;
    if (row === undefined || row['kind'] !== 'advice') return undefined;
    const told = adviceIn(row);
    const { host, datapath } = told.advice;
    const [before] = await this.#store.query(
      'SELECT sha256 FROM remediation_entry WHERE host = $1 AND datapath = $2 AND entry = $3',
      [host, datapath, told.entry - 1],
    );
    // The oldest that is kept follows one that is gone.
    const follows = before === undefined || before['sha256'] === told.previous;
    return { told, outcome: came === undefined ? null : (documentIn(came) as Outcome), follows };
  }

  /** How datapaths stood when they were looked at; one that was looked at later meanwhile stays as it is. */
  async keepStates(standings: readonly Standing[]): Promise<void> {
    if (standings.length > 0) await keep(this.#store, standings);
  }

  async forgetOld(now: number): Promise<void> {
    await this.#store.query('DELETE FROM remediation_state WHERE looked_at < $1', [now - stateSeconds]);
    await this.#store.query('DELETE FROM remediation_entry WHERE at < $1', [now - keptSeconds]);
  }

  /** Where machines went of themselves, nobody having looked. */
  async keepMachines(rows: readonly MachineRow[]): Promise<void> {
    await this.#store.query(
      `UPDATE remediation_state SET phase = x.phase, phase_since = x.since, machine = x.machine
       FROM jsonb_to_recordset($1::text::jsonb) AS x(host text, datapath text, phase text, since bigint, machine text)
       WHERE remediation_state.host = x.host AND remediation_state.datapath = x.datapath`,
      [JSON.stringify(rows)],
    );
  }

  /** The machine of a datapath as it was stored last; undefined: none was. */
  async machine({ host, datapath }: WhichDatapath): Promise<MachineRow | undefined> {
    const [row] = await this.#store.query(
      `SELECT phase, phase_since, machine FROM remediation_state
       WHERE host = $1 AND datapath = $2 AND machine IS NOT NULL`,
      [host, datapath],
    );
    if (row === undefined) return undefined;
    const phase = phaseIn(row) ?? 'idle';
    return { host, datapath, phase, since: Number(row['phase_since'] ?? 0), machine: String(row['machine']) };
  }

  /** In order of host and datapath. */
  async states({ after, limit }: StateQuery): Promise<readonly ListedState[]> {
    const rows = await this.#store.query(
      `SELECT state, phase, phase_since FROM remediation_state
       WHERE $1::text IS NULL OR (host, datapath) > ($1, $2::text) ORDER BY host, datapath LIMIT $3`,
      [after?.host ?? null, after?.datapath ?? null, limit],
    );
    return rows.map((row) => {
      const phase = phaseIn(row);
      const since = phase === null ? null : Number(row['phase_since']);
      return { ...(JSON.parse(String(row['state'])) as DatapathState), phase, since };
    });
  }
}

async function keep(session: Pick<ControlSession, 'query'>, standings: readonly Standing[]): Promise<void> {
  const rows = standings.map(({ state, row }) => {
    return { ...row, host: state.host, datapath: state.datapath, looked_at: state.at, state: JSON.stringify(state) };
  });
  await session.query(
    `INSERT INTO remediation_state (host, datapath, looked_at, state, phase, phase_since, machine)
     SELECT host, datapath, looked_at, state, phase, since, machine
     FROM jsonb_to_recordset($1::text::jsonb)
       AS x(host text, datapath text, looked_at bigint, state text, phase text, since bigint, machine text)
     ON CONFLICT (host, datapath) DO UPDATE SET looked_at = excluded.looked_at, state = excluded.state,
       phase = excluded.phase, phase_since = excluded.phase_since, machine = excluded.machine
     WHERE remediation_state.looked_at <= excluded.looked_at`,
    [JSON.stringify(rows)],
  );
}

/** One that this version does not know is not told, as if there were none. */
function phaseIn(row: ControlRow): PhaseName | null {
  return phaseNames.find((name) => name === row['phase']) ?? null;
}

function movesOf(body: Advice | Outcome): number {
  return body.kind === 'advice' && body.plan?.decision === 'plan' ? body.plan.moves.length : 0;
}

async function lastOf(session: ControlSession, host: string, datapath: string): Promise<ControlRow | undefined> {
  const [row] = await session.query(
    'SELECT entry, sha256 FROM remediation_entry WHERE host = $1 AND datapath = $2 ORDER BY entry DESC LIMIT 1',
    [host, datapath],
  );
  return row;
}

function adviceIn(row: ControlRow): RecordedAdvice {
  const { entry, previous, ...advice } = documentIn(row) as Advice & { entry: number; previous: string | null };
  return { id: String(row['id']), sha256: String(row['sha256']), entry, previous, advice };
}

/** What may be acted upon one day: a text that is not the one that was recorded is not read. */
function documentIn(row: ControlRow): unknown {
  const [document, sha256] = [String(row['document']), String(row['sha256'])];
  if (sha256Of(document) === sha256) return JSON.parse(document);
  throw new FourninesError('FN_RECORD_CHANGED', `advice ${String(row['id'])} is not what was recorded`, {
    context: { id: String(row['id']) },
  });
}
