import { describe, expect, it } from 'vitest';
import type { Effect, JournalEntry } from '../../../../../server/remediation/machine/effect.ts';
import type { MachineEvent } from '../../../../../server/remediation/machine/event.ts';
import type { HostReading } from '../../../../../server/remediation/machine/host.ts';
import { type Action, initialState } from '../../../../../server/remediation/machine/state.ts';
import { RepairRules } from '../../../../../server/remediation/simulator/repair-rules.ts';

const preImage: HostReading = {
  identity: 'one',
  queues: [{ id: 'a', numa: 0, core: 1, pin: null }],
  pmds: [{ core: 1, numa: 0, runDelayPpm: 0 }],
  unixctlMs: 1,
};
const moves = [{ rxq: 'a', from: 1, to: 2 }];
const proposal = {
  ...{ id: 'p', fingerprint: 'f', cause: 'overload', moves, predictedMaxUsagePpm: 700_000 },
  ...{ host: preImage, readAt: 0 },
};
const action: Action = {
  ...{ proposal, replans: 0, approval: null, intent: '1.1', preImage, undo: null, isCharged: true },
};
const tick = { kind: 'tick' } as const;
const asked: Effect = { kind: 'journalIntent', action };
const durable: MachineEvent = { kind: 'journalled', intent: '1.1', isDurable: true };
const command = { epoch: 1, seq: 2 };
const apply: Effect = {
  ...{ kind: 'apply', command, intent: '1.1', moves, preImage, expiresInMs: 1, deadManMs: 1 },
};
const inFlight = { ...initialState, epoch: 1, phase: { name: 'apply', action, command, endsAt: 5 } } as const;
const calm = { ...initialState, epoch: 1 };

/** Rules that have seen a change go out, as it must. */
function afterApply(): RepairRules {
  const rules = new RepairRules('here');
  rules.stepped(tick, { before: calm, after: calm, effects: [asked] });
  rules.stepped(durable, { before: calm, after: inFlight, effects: [apply] });
  return rules;
}

describe('rules of a repair', () => {
  it('hold for a change that was written down and is accounted for', () => {
    const entry: JournalEntry = {
      ...{ intent: '1.1', what: 'verified' as const, phase: 'verify' as const, reason: '' },
      ...{ predictedMaxUsagePpm: 700_000, observedMaxUsagePpm: 710_000 },
    };
    const effects: readonly Effect[] = [{ kind: 'journal', entry }];
    expect(() => afterApply().stepped(tick, { before: inFlight, after: calm, effects })).not.toThrow();
    const unknown: Effect = { kind: 'journal', entry: { ...entry, observedMaxUsagePpm: null } };
    expect(() => afterApply().stepped(tick, { before: inFlight, after: calm, effects: [unknown] })).toThrow(
      'of which nobody knows what came',
    );
  });

  it('find a change that was not written down, or not as it is made', () => {
    const rules = new RepairRules('here');
    expect(() => rules.stepped(tick, { before: calm, after: inFlight, effects: [apply] })).toThrow(
      'here, second 0, apply: a change that was not written down',
    );
    const other = { ...apply, preImage: { ...preImage, identity: 'two' } };
    const late = new RepairRules('here');
    late.stepped(tick, { before: calm, after: calm, effects: [asked] });
    expect(() => late.stepped(durable, { before: calm, after: inFlight, effects: [other] })).toThrow(
      'not written down',
    );
  });

  it('find two at once, one nobody answers for, an old number and an epoch that falls', () => {
    const again = { ...apply, command: { epoch: 1, seq: 3 } };
    const second = { before: inFlight, after: inFlight, effects: [again] };
    expect(() => afterApply().stepped(tick, second)).toThrow('two changes at once');
    expect(() => afterApply().stepped(tick, { before: inFlight, after: calm, effects: [] })).toThrow(
      'nobody answers for 1.1',
    );
    const old: Effect = { kind: 'readPlacement', command: { epoch: 1, seq: 1 } };
    expect(() => afterApply().stepped(tick, { before: inFlight, after: inFlight, effects: [old] })).toThrow(
      'old number',
    );
    const fallen = { ...inFlight, epoch: 0 };
    expect(() => afterApply().stepped(tick, { before: inFlight, after: fallen, effects: [] })).toThrow('went back');
  });

  it('find a rollback to what was never there, and a change while suppressed', () => {
    const rollback: Effect = {
      ...{ kind: 'rollback', command: { epoch: 1, seq: 3 }, intent: '1.1', expiresInMs: 1 },
      preImage: { ...preImage, queues: [] },
    };
    expect(() => afterApply().stepped(tick, { before: inFlight, after: inFlight, effects: [rollback] })).toThrow(
      'never written down',
    );
    const rules = new RepairRules('here');
    const before = { ...calm, phase: { name: 'suppressed', endsAt: 9 } } as const;
    rules.stepped(tick, { before: calm, after: calm, effects: [asked] });
    expect(() => rules.stepped(durable, { before, after: inFlight, effects: [apply] })).toThrow('while suppressed');
  });
});
