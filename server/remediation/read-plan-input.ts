import { readYaml, type YamlMap, type YamlValue } from '../openslo/yaml-source.ts';
import { parseInstant } from '../slo/instant.ts';
import { whole } from './planner/placement.ts';
import { type PlanInput, type PlanLimits, type Pmd, planBounds, type Rxq } from './planner/plan-input.ts';

const rxqKeys = ['id', 'port', 'queue', 'numa', 'core', 'usagePpm', 'pps', 'pin', 'vm', 'movedAt', 'group'] as const;
const limitKeys = [
  ...(['maxMoves', 'enterPpm', 'acceptPpm', 'settlePpm', 'gainPpm'] as const),
  ...(['vmSharePpm', 'stolenMaxPpm', 'queueHoldMs'] as const),
] as const;

/**
 * Reads the input of a plan, JSON (docs/plans.md). Throws FN_PLAN_INPUT with line and key: a key that is unknown or missing, a
 * number out of bounds, two threads of one core, two queues of one id, a queue on a core without a thread.
 */
export function readPlanInput(name: string, text: string): PlanInput {
  const input = readYaml(name, text, 'FN_PLAN_INPUT').map(['at', 'pmds', 'rxqs', 'limits', 'burning', 'frozen']);
  const pmds = bounded(input.get('pmds'), planBounds.pmds);
  const rxqs = bounded(input.get('rxqs'), planBounds.rxqs);
  const read: PlanInput = {
    at: instantOf(input.get('at')),
    pmds: pmds.map(pmdOf),
    rxqs: rxqs.map(rxqOf),
    limits: limitsOf(input.get('limits').map(limitKeys)),
    burning: input
      .get('burning')
      .list()
      .map((port) => port.text()),
    frozen: input.get('frozen').truth(),
  };
  once(pmds, read.pmds, ({ core }) => `core ${core}`);
  once(rxqs, read.rxqs, ({ id }) => `the id ${id}`);
  once(rxqs, read.rxqs, ({ port, queue }) => `queue ${queue} of ${port}`);
  const cores = new Set(read.pmds.map(({ core }) => core));
  for (const [i, { core, id }] of read.rxqs.entries())
    if (!cores.has(core)) rxqs[i]?.fail(`${id} is on core ${core}, and pmds has no such core`);
  return read;
}

function bounded(value: YamlValue, most: number): readonly YamlValue[] {
  const members = value.list();
  return members.length > most ? value.fail(`has more than ${most} members`) : members;
}

function once<T>(values: readonly YamlValue[], read: readonly T[], nameOf: (each: T) => string): void {
  const known = new Set<string>();
  for (const [i, each] of read.entries()) {
    const name = nameOf(each);
    if (known.has(name)) values[i]?.fail(`${name} stands twice`);
    known.add(name);
  }
}

function pmdOf(value: YamlValue): Pmd {
  const pmd = value.map(['core', 'numa', 'overheadPpm', 'stolenPpm']);
  const read = {
    core: pmd.get('core').integer(0, 65_535),
    numa: pmd.get('numa').integer(0, 1_023),
    overheadPpm: pmd.get('overheadPpm').integer(0, whole),
    stolenPpm: pmd.get('stolenPpm').integer(0, whole),
  };
  if (read.overheadPpm + read.stolenPpm < whole) return read;
  return value.fail(
    `overheadPpm and stolenPpm leave core ${read.core} nothing for queues`,
    'No use can be told of it. Read it again, or leave the host to its operator: whatever takes that much must go first.',
  );
}

function rxqOf(value: YamlValue): Rxq {
  const rxq = value.map(rxqKeys);
  return {
    id: rxq.get('id').text(),
    port: rxq.get('port').text(),
    queue: rxq.get('queue').integer(0, 65_535),
    numa: rxq.get('numa').integer(0, 1_023),
    core: rxq.get('core').integer(0, 65_535),
    usagePpm: rxq.get('usagePpm').integer(0, planBounds.usagePpm),
    pps: orNull(rxq, 'pps', (pps) => pps.integer(0, 9_999_999_999)),
    pin: orNull(rxq, 'pin', (pin) => pin.oneOf(['operator'])),
    vm: orNull(rxq, 'vm', (vm) => vm.text()),
    movedAt: orNull(rxq, 'movedAt', instantOf),
    group: orNull(rxq, 'group', (group) => group.text()),
  };
}

function limitsOf(limits: YamlMap<(typeof limitKeys)[number]>): PlanLimits {
  const ppm = (key: (typeof limitKeys)[number], least = 0) => limits.get(key).integer(least, whole);
  return {
    maxMoves: limits.get('maxMoves').integer(0, planBounds.movesMax),
    enterPpm: ppm('enterPpm', 1),
    acceptPpm: ppm('acceptPpm'),
    settlePpm: ppm('settlePpm'),
    // A plan that gains nothing is none.
    gainPpm: ppm('gainPpm', 1),
    vmSharePpm: ppm('vmSharePpm'),
    stolenMaxPpm: ppm('stolenMaxPpm'),
    queueHoldMs: limits.get('queueHoldMs').integer(0, 9_999_999_999),
  };
}

/** What is not known must be said to be: a key that is left out is a mistake. */
function orNull<K extends string, T>(of: YamlMap<K>, key: K, read: (value: YamlValue) => T): T | null {
  const value = of.get(key);
  return value.isEmpty() ? null : read(value);
}

function instantOf(value: YamlValue): number {
  const text = value.text();
  if (parseInstant(text) === undefined)
    value.fail('must be an RFC 3339 instant in UTC', 'Write it as 2026-11-01T00:00:00Z.');
  return Date.parse(text);
}
