import type { ObjectKind, Version } from './object.ts';

/** What is asked of the objects by whoever works with what was promised; instants are unix seconds. */
export interface ObjectHistory {
  /** What holds at an instant. */
  at(instant: number): Promise<readonly Version[]>;
  /** All that a name ever was. */
  history(kind: ObjectKind, name: string): Promise<readonly Version[]>;
}

export function ofKind<K extends ObjectKind>(versions: readonly Version[], kind: K): readonly Version<K>[] {
  return versions.filter((version): version is Version<K> => version.kind === kind);
}
