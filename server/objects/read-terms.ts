import { durationOf, objectiveOf, readObjective } from '../openslo/objective-file.ts';
import { Digits, inOrder, isList, isMapping, type Plain, yamlText } from '../openslo/plain.ts';
import type { YamlValue } from '../openslo/yaml-source.ts';
import type { CalendarWindow, Duration, Objective } from '../slo/objective.ts';
import { readAll } from './mistakes.ts';
import type { ObjectiveTerms } from './object.ts';
import { quarterSeconds } from './quarter-hour.ts';
import { shareOf } from './read-agreement.ts';

/** Annotations of ours begin so; OpenSLO lets others say what they like. */
const ours = 'fournines.io/';
const rollingKey = `${ours}rolling`;
const floorKey = `${ours}coverageFloor`;
const defaultCoverageFloor = '0.999';

/**
 * An OpenSLO document as an objective of the control store: it needs a calendar window, which is what budgets and months are
 * made of, and which ends where runs of clean seconds do. A rolling one beside it, and the coverage floor, are annotations.
 * Comments are not kept.
 */
export function readTerms(value: YamlValue): ObjectiveTerms {
  const objective = objectiveOf(value);
  const { window } = objective;
  const { metadata, spec } = partsOf(value);
  const windowValue = spec.get('timeWindow').only('');
  if (window.rolling) {
    const hint = `Give a calendar window (isRolling: false), and the rolling one as the annotation ${rollingKey}.`;
    return windowValue.fail('an objective that is kept and judged by months needs a calendar window', hint);
  }
  const annotations = annotationsOf(metadata.maybe('annotations'));
  const { rolling, coverageFloor } = readAll({
    ...quartersOnly(windowValue, window),
    rolling: () => {
      const text = annotations.get(rollingKey);
      if (text !== undefined) wholeQuarters(text, durationOf(text));
      return text?.text() ?? null;
    },
    coverageFloor: () => {
      const text = annotations.get(floorKey);
      return text === undefined ? defaultCoverageFloor : shareOf(text);
    },
  });
  const openslo = yamlText(inOrder(withOneForm(value.plain())));
  const terms = { service: spec.get('service').text(), openslo, rolling, coverageFloor };
  known.set(terms, objective);
  return terms;
}

const known = new WeakMap<ObjectiveTerms, Objective>();

/** The objective of these terms. Reading its document takes a millisecond, and is done once. */
export function termsObjective(terms: ObjectiveTerms): Objective {
  const objective = known.get(terms) ?? readObjective('objective', terms.openslo);
  known.set(terms, objective);
  return objective;
}

function partsOf(value: YamlValue) {
  const document = value.map(['apiVersion', 'kind', 'metadata', 'spec']);
  return {
    metadata: document.get('metadata').map(['name', 'displayName', 'labels', 'annotations']),
    spec: document
      .get('spec')
      .map(['description', 'service', 'indicator', 'timeWindow', 'budgetingMethod', 'objectives']),
  };
}

/** What is kept is kept in runs to quarter hours, and a run cannot be cut: what ends elsewhere could never be judged. */
const whyQuarters = 'Seconds are kept in runs that end at quarter hours:';

/** Offsets of zones are whole quarter hours since 1972, so that the clock's quarter hours are those of UTC. */
function quartersOnly(value: YamlValue, { start, duration }: CalendarWindow) {
  const window = value.map(['duration', 'isRolling', 'calendar']);
  return {
    duration: () => wholeQuarters(window.get('duration'), duration),
    start: () => {
      const { time } = start;
      if (time % quarterSeconds === 0) return;
      const before = clockText(time - (time % quarterSeconds));
      const startTime = window.get('calendar').map(['startTime', 'timeZone']).get('startTime');
      startTime.fail(`${clockText(time)} is not on a quarter hour`, `${whyQuarters} take ${before}, or one after it.`);
    },
  };
}

function wholeQuarters(value: YamlValue, { count, unit }: Duration): void {
  const minutes = quarterSeconds / 60;
  if (unit !== 'm' || count % minutes === 0) return;
  const next = Math.ceil(count / minutes) * minutes;
  value.fail(`${count}m is no number of whole quarter hours`, `${whyQuarters} take ${next}m.`);
}

function clockText(time: number): string {
  const parts = [Math.floor(time / 3600), Math.floor(time / 60) % 60, time % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

function annotationsOf(value: YamlValue | undefined): ReadonlyMap<string, YamlValue> {
  const annotations = value?.entries() ?? new Map<string, YamlValue>();
  for (const [key, annotation] of annotations) {
    if (!key.startsWith(ours) || key === rollingKey || key === floorKey) continue;
    annotation.fail('unknown annotation of ours', `Known are ${rollingKey} and ${floorKey}.`);
  }
  return annotations;
}

/** Numbers may stand in quotes or not, and mean the same: here each has one form. What is in metadata is left alone. */
function withOneForm(value: Plain): Plain {
  if (isList(value)) return value.map(withOneForm);
  if (!isMapping(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      if (key === 'metadata') return [key, member];
      if (key === 'target' || key === 'run') return [key, new Digits(textOf(member))];
      return [key, key === 'lossRatioMax' ? textOf(member) : withOneForm(member)];
    }),
  );
}

function textOf(value: Plain): string {
  return value instanceof Digits ? value.text : String(value).trim();
}
