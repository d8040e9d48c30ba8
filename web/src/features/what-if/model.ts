import type { WhatIf } from '../../../../server/api/schema/slos.ts';
import { formatCount } from '../../format/count.ts';
import { formatPercent } from '../../format/decimal.ts';
import { type Sli, unitOf, verdictWords } from '../slo/model.ts';

type WhatIfSide = WhatIf['asIs'];

/** What other terms would have come to, in words. */
export function whatIfSentences({ asIs, whatIf }: WhatIf, sli: Sli): string[] {
  const unit = unitOf(sli);
  const [now, then] = [asIs.figures, whatIf.figures];
  const moreBad = BigInt(then.high.bad) - BigInt(now.high.bad);
  const moreAllowed = BigInt(then.budget.allowed) - BigInt(now.budget.allowed);
  const sentences = [
    now.verdict === then.verdict
      ? `The verdict stays: ${verdictWords[now.verdict].name}.`
      : `The verdict changes from ${verdictWords[now.verdict].name} to ${verdictWords[then.verdict].name}.`,
    moreBad === 0n ? `As many ${unit} are bad.` : `${differenceText(moreBad)} ${unit} are bad.`,
    moreAllowed === 0n ? 'As many are allowed.' : `${differenceText(moreAllowed)} are allowed.`,
  ];
  const left = BigInt(then.budget.remaining);
  sentences.push(left < 0n ? `${formatCount(-left)} too many.` : `${formatCount(left)} would be left.`);
  return sentences;
}

function differenceText(more: bigint): string {
  return more > 0n ? `${formatCount(more)} more` : `${formatCount(-more)} fewer`;
}

export function sideText({ terms }: WhatIfSide): string {
  const { target, run, lossRatioMax } = terms;
  const loss = lossRatioMax === null ? '' : `, loss above ${formatPercent(lossRatioMax)}`;
  return `${formatPercent(target)}${loss}${run === null ? '' : `, n = ${run}`}`;
}
