export interface UncausedDrops {
  readonly pending: bigint;
  readonly unexplained: bigint;
}

/**
 * Splits the drops of a port's own total. What no cause of the window explains is pending as far as it can be: told
 * since, or told by a row that crosses an end of the window. The rest was told, and without a cause.
 *
 * `untold` are the port's drops in slots of the window that the causes do not reach yet, `crossing` the packets of rows
 * of causes that lie partly outside. Causes can be ahead of the total (another reading): then nothing is left over.
 *
 * Example: 10 dropped, 4 explained, 5 of the 10 in the last two seconds: 5 pending, 1 unexplained.
 */
export function uncausedDrops(ask: {
  readonly drops: bigint;
  readonly explained: bigint;
  readonly untold: bigint;
  readonly crossing: bigint;
}): UncausedDrops {
  const rest = ask.drops > ask.explained ? ask.drops - ask.explained : 0n;
  const possible = ask.untold + ask.crossing;
  const pending = rest < possible ? rest : possible;
  return { pending, unexplained: rest - pending };
}
