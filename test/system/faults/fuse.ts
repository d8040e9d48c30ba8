/** Where a subject shall kill itself with -9. */
export interface Armed {
  readonly point: string;
  /** At the so-manieth time that it comes there. */
  readonly hit: number;
  /** So long after it has come there, ms. */
  readonly afterMs: number;
}

export type Order =
  | { readonly what: 'arm'; readonly armed: Armed | undefined }
  | { readonly what: 'finish' }
  /** Of one kind of subject, which listens for it by itself. */
  | { readonly what: 'other'; readonly order: unknown };

/**
 * The subject's end of the line to the harness: kills its process at the armed point, and ends it when the harness is
 * gone, so that none is left behind.
 */
export class Fuse {
  #armed: Armed | undefined;
  #hits = 0;

  constructor(armed: Armed | undefined, onFinish: () => void) {
    this.#armed = armed;
    process.on('message', (order: Order) => {
      if (order.what === 'finish') onFinish();
      else if (order.what === 'arm') this.#arm(order.armed);
    });
    process.once('disconnect', abandoned);
  }

  /** Lets go of the harness: the process ends by itself. */
  release(): void {
    process.off('disconnect', abandoned);
    process.disconnect();
  }

  readonly reached = (point: string): void => {
    const armed = this.take(point);
    if (armed === undefined) return;
    if (armed.afterMs === 0) process.kill(process.pid, 'SIGKILL');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), armed.afterMs);
  };

  /** What is armed, when this was the time; it is armed no longer. */
  take(point: string): Armed | undefined {
    const armed = this.#armed;
    if (armed?.point !== point || ++this.#hits < armed.hit) return undefined;
    this.#armed = undefined;
    return armed;
  }

  #arm(armed: Armed | undefined): void {
    this.#armed = armed;
    this.#hits = 0;
  }
}

function abandoned(): void {
  process.kill(process.pid, 'SIGKILL');
}

export function tell(message: object): void {
  // A harness that is gone ends this process by itself.
  process.send?.(message, () => undefined);
}

/** The arguments of a subject: its options, and what is armed from the start. */
export function subjectArguments<T>(): { readonly options: T; readonly armed: Armed | undefined } {
  const [, , options = '{}', armed] = process.argv;
  return { options: JSON.parse(options), armed: armed === undefined ? undefined : JSON.parse(armed) };
}
