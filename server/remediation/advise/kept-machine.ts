import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { FourninesError } from '../../../core/runtime/error.ts';
import type { MachineState } from '../machine/state.ts';

/** A machine between two looks. */
export interface KeptMachine {
  readonly machine: MachineState;
  /** The newest window that it was told; null: none. */
  readonly toldSlot: number | null;
}

const version = 1;
/** More than any state in mode `advise` has. */
const charactersMax = 262_144;

const closed = { additionalProperties: false } as const;
const Ms = Type.Integer({ minimum: 0 });
const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()]);
const named = <N extends string>(name: N) => ({ name: Type.Literal(name) });

/** The phases of looking and telling. One of a change is not read here: nobody who only advises has left it. */
const Phase = Type.Union([
  Type.Object(named('idle'), closed),
  Type.Object(
    { ...named('suspect'), endsAt: Ms, windows: Ms, samples: Type.Array(Type.Boolean(), { maxItems: 5 }) },
    closed,
  ),
  Type.Object({ ...named('diagnose'), endsAt: Ms }, closed),
  Type.Object({ ...named('plan'), endsAt: Ms, cause: Type.String(), replans: Ms, approval: Type.Null() }, closed),
  Type.Object({ ...named('advised'), endsAt: Ms, reason: Type.String() }, closed),
]);

const History = Type.Object(
  {
    penalty: Type.Object({ points: Ms, chargedAt: Ms }, closed),
    appliedAt: Type.Array(Ms),
    foreignAt: orNull(Ms),
    approvalForcedUntilAt: orNull(Ms),
    barred: Type.Array(Type.Object({ key: Type.String(), endsAt: Ms }, closed)),
    departures: Type.Array(Type.Object({ rxq: Type.String(), core: Type.Integer(), endsAt: Ms }, closed)),
    errorsPpm: Type.Array(Type.Integer()),
    advised: Type.Array(Type.String()),
    calmAt: orNull(Ms),
  },
  closed,
);

const Machine = Type.Object(
  {
    phase: Phase,
    clock: Type.Object({ own: Ms, read: orNull(Ms) }, closed),
    mode: Type.Literal('advise'),
    cleanPlans: Ms,
    killedBy: Type.Array(Type.Enum(['fleet', 'host', 'ovsdb'])),
    scope: Type.Object({ frozen: Type.Boolean(), adviseOnly: Type.Boolean() }, closed),
    lease: Type.Null(),
    epoch: Ms,
    seq: Ms,
    soak: Type.Null(),
    history: History,
  },
  closed,
);

const Kept = Type.Object({ version: Type.Literal(version), toldSlot: orNull(Ms), machine: Machine }, closed);
const kept = Compile(Kept);

export function writeMachine({ machine, toldSlot }: KeptMachine): string {
  return JSON.stringify({ version, toldSlot, machine });
}

/** Throws FN_MACHINE_STATE for whatever this version would not have written. */
export function readMachine(text: string): KeptMachine {
  if (text.length > charactersMax) throw unread(`it has more than ${charactersMax} characters`);
  const value = parsed(text);
  const found = versionOf(value);
  if (found > version) throw unread(`it is of version ${found}, and this server knows ${version}`);
  if (kept.Check(value)) {
    const { machine, toldSlot }: Static<typeof Kept> = value;
    return { machine, toldSlot };
  }
  const [first] = kept.Errors(value);
  throw unread(first === undefined ? 'it has another form' : `${first.instancePath} ${first.message}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unread('it is no JSON', error);
  }
}

function versionOf(value: unknown): number {
  const found = typeof value === 'object' && value !== null && 'version' in value ? value.version : undefined;
  return typeof found === 'number' ? found : 0;
}

function unread(why: string, cause?: unknown): FourninesError {
  return new FourninesError('FN_MACHINE_STATE', `the stored state of a machine cannot be read: ${why}`, { cause });
}
