import { toHalt } from '../entering.ts';
import { likenessTo } from '../host.ts';
import { isAnswerTo, restored } from './applying.ts';
import { never, type Rules } from './rules.ts';

export const rollback: Rules<'rollback'> = {
  on: {
    outcome(turn, phase, { command, result }) {
      if (phase.isWritten || !isAnswerTo(phase, command)) return;
      if (result === 'aborted' || result === 'refused') {
        toHalt(turn, phase.action, `the rollback was ${result}`);
        return;
      }
      const read = turn.command();
      turn.go({ ...phase, isWritten: true, command: read });
      turn.emit({ kind: 'readPlacement', command: read });
    },
    placement(turn, phase, { command, host }) {
      if (!phase.isWritten || !isAnswerTo(phase, command) || host === null) return;
      const { action } = phase;
      const likeness = likenessTo({ preImage: action.preImage, moves: action.proposal.moves }, host);
      if (likeness === 'asBefore' || likeness === 'moot') restored(turn, action);
      else toHalt(turn, action, 'the rollback did not restore what was');
    },
  },
  expired: (turn, { action }) => toHalt(turn, action, 'the rollback is not confirmed'),
};

/** Left by a human alone. */
export const halt: Rules<'halt'> = { on: {}, expired: never };
