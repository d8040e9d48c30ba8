/**
 * Which CPUs the collector may run on: never one that is isolated for polling threads, where it would steal the time it
 * measures.
 */
export interface Placement {
  readonly cpus: readonly number[];
  /** Why these, or why nothing is changed. */
  readonly reason: 'configured' | 'housekeeping' | 'noneIsolated' | 'allIsolated';
}

/** "0-2,5" of the kernel's CPU lists; an empty list is no CPU. Undefined when it is not one. */
export function parseCpuList(text: string): number[] | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '(null)') return [];
  const cpus: number[] = [];
  for (const range of trimmed.split(',')) {
    const [, first, last] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(range.trim()) ?? [];
    if (first === undefined) return undefined;
    for (let cpu = Number(first); cpu <= Number(last ?? first); cpu++) cpus.push(cpu);
  }
  return cpus;
}

/** `configured`: CPUs from the configuration, or undefined for "auto". */
export function choosePlacement(
  allowed: readonly number[],
  isolated: readonly number[],
  configured: readonly number[] | undefined,
): Placement {
  if (configured !== undefined) return { cpus: configured, reason: 'configured' };
  const housekeeping = allowed.filter((cpu) => !isolated.includes(cpu));
  if (housekeeping.length === allowed.length) return { cpus: allowed, reason: 'noneIsolated' };
  if (housekeeping.length === 0) return { cpus: allowed, reason: 'allIsolated' };
  return { cpus: housekeeping, reason: 'housekeeping' };
}
