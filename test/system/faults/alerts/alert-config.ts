import { type AlertConfig, defaultLimits } from '../../../../alerts/state/config.ts';

/** What a subject is told of the place it runs in. */
export interface AlertRoadOptions {
  readonly seed: number;
  readonly chapters: number;
  readonly subject: string;
  /** Where it stands still for the test. */
  readonly folder: string;
  /** Written as it ends, with all that its store has. */
  readonly dump: string;
  /** Absent: an embedded store, in this folder. */
  readonly postgres?: {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
    readonly password: string;
  };
  readonly embedded: string;
  readonly ports: Readonly<Record<string, number>>;
  /** Its clock runs `clockSpeed` times as fast as the wall's since then, and was stepped by so much. */
  readonly clockBaseMs: number;
  readonly clockAheadMs: number;
  /** The first chapter that it has not been asked for; those before are written if they are not. */
  readonly chaptersAsked: number;
}

/** Pauses of minutes pass in seconds. */
export const clockSpeed = 30;
export const leaseMs = 800;

export const receiverNames = ['each', 'grouped', 'paged'] as const;

const soon = { groupWaitSeconds: 2, groupIntervalSeconds: 3, repeatIntervalSeconds: null, routes: [] };

/** One is told of each alert by itself, one of all together, one of those alone that cannot wait. */
export const alertConfig: AlertConfig = {
  version: 1,
  receivers: receiverNames.map((name) => ({ name, tenant: null })),
  trees: [
    {
      tenant: null,
      root: {
        ...{ name: 'all', matchers: [], continue: false, receivers: [], groupBy: [], ...soon },
        routes: [
          { ...soon, name: 'each', matchers: [], continue: true, receivers: ['each'], groupBy: 'all' },
          { ...soon, name: 'grouped', matchers: [], continue: true, receivers: ['grouped'], groupBy: ['service'] },
          {
            ...{ ...soon, name: 'paged', continue: false, receivers: ['paged'], groupBy: ['slo'] },
            matchers: [{ label: 'severity', operator: '=', value: 'critical' }],
          },
        ],
      },
    },
  ],
  inhibitions: [],
  flapping: null,
  limits: defaultLimits,
};
