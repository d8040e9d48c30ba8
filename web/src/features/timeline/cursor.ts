/** Where the cursor of a timeline stands; told to those who show it, so that no lane is drawn again for a move of the mouse. */
export interface Cursor {
  /** Unix second of a step, kept while the window moves; null: nowhere. */
  readonly atSeconds: number | null;
  /** Row of the heat maps; null: none. */
  readonly row: number | null;
}

export interface CursorStore {
  read(): Cursor;
  set(next: Cursor): void;
  subscribe(listener: () => void): () => void;
}

export function createCursor(): CursorStore {
  let cursor: Cursor = { atSeconds: null, row: null };
  const listeners = new Set<() => void>();
  return {
    read: () => cursor,
    set: (next) => {
      if (next.atSeconds === cursor.atSeconds && next.row === cursor.row) return;
      cursor = next;
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
