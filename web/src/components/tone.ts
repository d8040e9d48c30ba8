/** Severity: each has a colour and an icon of its own. */
export type Tone = 'ok' | 'warn' | 'bad' | 'unknown' | 'neutral';
