import type { NativeFacade } from '../../native/facade.ts';
import type { Source } from '../source.ts';
import { KernelSource } from './kernel/source.ts';
import { ThreadSource } from './thread/source.ts';

export interface SourceEnvironment {
  readonly native: NativeFacade;
  /** Boot id and network namespace. */
  readonly place: string;
  readonly procRoot: string;
}

/** Every source there is, in alphabetical order. Adding one: its folder and one line here. */
export const sources: Readonly<Record<string, (environment: SourceEnvironment) => Source>> = {
  kernel: (environment) => new KernelSource(environment),
  thread: (environment) => new ThreadSource(environment),
};
