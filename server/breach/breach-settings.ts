import type { Version } from '../objects/object.ts';
import { readObjective } from '../openslo/objective-file.ts';
import type { Objective } from '../slo/objective.ts';
import { staleWaitSeconds } from './stale-move.ts';
import type { BreachTerms } from './window-facts.ts';

/** What was promised around an objective. */
export interface BreachPromise {
  readonly tenant: string | null;
  /** How long after the end of a window late rows still change it, s; null: nobody says. */
  readonly finalAfterSeconds: number | null;
}

export interface SettingsOptions {
  readonly promise: (objective: Version<'objective'>) => Promise<BreachPromise>;
  readonly nowMs: () => number;
}

export interface BreachSetting {
  readonly objective: Objective;
  readonly terms: BreachTerms;
  readonly tenant: string | null;
}

const daySeconds = 86_400;
const finalAfterSecondsDefault = 3 * daySeconds;
/** Beside the time that a total loss needs to be noticed, s: a server that starts again is no silence. */
const staleHoldSeconds = 60;
/** An agreement that changes is seen after so long, ms. */
const keptMs = 60_000;
const settingsMax = 20_000;

/** What decides about the breaches of each version of an objective: read once, its agreement again each minute. */
export class BreachSettings {
  readonly #options: SettingsOptions;
  readonly #of = new Map<string, { readonly setting: BreachSetting; readonly readAtMs: number }>();

  constructor(options: SettingsOptions) {
    this.#options = options;
  }

  async of(version: Version<'objective'>): Promise<BreachSetting> {
    const key = `${version.name} ${version.version} ${version.sha256}`;
    const nowMs = this.#options.nowMs();
    const kept = this.#of.get(key);
    if (kept !== undefined && Math.abs(nowMs - kept.readAtMs) < keptMs) return kept.setting;
    const objective = kept?.setting.objective ?? readObjective(version.name, version.body.openslo);
    const { tenant, finalAfterSeconds } = await this.#options.promise(version);
    const terms: BreachTerms = {
      version: version.version,
      sli: objective.sli.sli,
      target: objective.target,
      finalAfterSeconds: finalAfterSeconds ?? finalAfterSecondsDefault,
      staleWaitSeconds: staleWaitSeconds(objective.target, staleHoldSeconds),
    };
    const setting = { objective, terms, tenant };
    if (this.#of.size >= settingsMax) this.#of.clear();
    this.#of.set(key, { setting, readAtMs: nowMs });
    return setting;
  }
}
