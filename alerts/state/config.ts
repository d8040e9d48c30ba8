import type { Matcher } from './matchers.ts';

/** Who is told of what. Plain data; a later one counts from the step on that takes it. */
export interface AlertConfig {
  /** From 1, and more with each change: one that comes again, or late, changes nothing. */
  readonly version: number;
  readonly receivers: readonly Receiver[];
  readonly trees: readonly RouteTree[];
  readonly inhibitions: readonly Inhibition[];
  /** null: alerts that come and go are told each time. */
  readonly flapping: FlappingTerms | null;
  readonly limits: Limits;
}

/** Named once in the whole product. One of a tenant is told of that tenant's alerts alone. */
export interface Receiver {
  readonly name: string;
  /** null: the operator's. */
  readonly tenant: string | null;
  /**
   * It makes groups and repetitions of its own, and is told what goes on again and again beside this (`ongoing.ts`): each
   * change goes to it at once, and no alert is left out.
   */
  readonly groupsItself?: true;
}

/** The routes of the operator, which see all alerts, or of a tenant, which see those whose label `tenant` names it. */
export interface RouteTree {
  readonly tenant: string | null;
  readonly root: Route;
}

/** What is left out is as in the route above it; the root's is in `routeDefaults`. */
export interface Route {
  /** Once in its tree. Groups are known by it, so that a route may be moved and changed and its groups go on. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Whether routes after it are asked, too, when it took the alert. */
  readonly continue: boolean;
  readonly receivers?: readonly string[];
  /** Labels, or all of them. */
  readonly groupBy?: readonly string[] | 'all';
  /** From the first that is to be told of a group until it is told. */
  readonly groupWaitSeconds?: number;
  /** At least so long between two notifications of a group. */
  readonly groupIntervalSeconds?: number;
  /** null: never. */
  readonly repeatIntervalSeconds?: number | null;
  readonly escalation?: readonly Escalation[];
  readonly routes: readonly Route[];
}

/** Who is told, too, of what nobody has acknowledged so long after the route's own receivers were told. */
export interface Escalation {
  readonly afterSeconds: number;
  readonly receivers: readonly string[];
}

/**
 * While something fires that `sources` match, nobody is told of what `targets` match where all labels of `equal` are the
 * same.
 */
export interface Inhibition {
  readonly name: string;
  readonly sources: readonly Matcher[];
  readonly targets: readonly Matcher[];
  /** An alert that lacks one of them neither hides nor is hidden. */
  readonly equal: readonly string[];
}

/** More than `changes` within `withinSeconds`: told once as flapping, and then not until it was quiet for `quietSeconds`. */
export interface FlappingTerms {
  readonly changes: number;
  readonly withinSeconds: number;
  readonly quietSeconds: number;
}

export interface Limits {
  /** Kept at once, those that are over and not forgotten yet among them. */
  readonly alerts: number;
  readonly silences: number;
  /** Named in one notification as firing, and as many as over. */
  readonly named: number;
  /** What is over, and groups without alerts, are kept so long, so that what comes late is known. */
  readonly keepSeconds: number;
}

/** As Alertmanager's. */
export const routeDefaults = {
  receivers: [],
  groupBy: [],
  groupWaitSeconds: 30,
  groupIntervalSeconds: 300,
  repeatIntervalSeconds: 14_400,
  escalation: [],
} as const;

export const defaultFlapping: FlappingTerms = { changes: 5, withinSeconds: 600, quietSeconds: 600 };

export const defaultLimits: Limits = { alerts: 20_000, silences: 1_000, named: 100, keepSeconds: 86_400 };

/** Before anybody has said who is told. */
export const noConfig: AlertConfig = {
  version: 0,
  receivers: [],
  trees: [],
  inhibitions: [],
  flapping: null,
  limits: defaultLimits,
};
