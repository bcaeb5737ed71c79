/** What the buttons of the Lab break, each as the line of a script that does it. */

export interface Target {
  broker: number;
  visitor: number;
  /** As scripts write it: '2s', '300ms'. */
  duration: string;
}

export interface Breakage {
  /** Looked up in the catalogue. */
  name: 'kill' | 'power-off' | 'restart' | 'pause' | 'cut' | 'reset' | 'fill-disk' | 'slow-disk' | 'fail-storage';
  /** The fault, as in `core/invariants.md`. */
  code: string;
  line(target: Target): string;
}

export const BREAKAGES: readonly Breakage[] = [
  { name: 'kill', code: 'K1', line: ({ broker, duration }) => `kill ${broker} for ${duration}` },
  { name: 'power-off', code: 'K2', line: ({ broker, duration }) => `power off ${broker} for ${duration}` },
  { name: 'restart', code: 'K3', line: ({ broker, duration }) => `restart ${broker} for ${duration}` },
  { name: 'pause', code: 'K4', line: ({ broker, duration }) => `pause ${broker} for ${duration}` },
  {
    name: 'cut',
    code: 'N5',
    line: ({ broker, visitor, duration }) => `cut visitor-${visitor}<>broker-${broker} for ${duration}`,
  },
  { name: 'reset', code: 'N7', line: ({ visitor }) => `reset visitor-${visitor}` },
  { name: 'fill-disk', code: 'D5', line: ({ broker, duration }) => `fill disk ${broker} room=0 for ${duration}` },
  { name: 'slow-disk', code: 'D7', line: ({ broker, duration }) => `slow disk ${broker} times=50 for ${duration}` },
  { name: 'fail-storage', code: 'D1', line: ({ broker }) => `fail storage ${broker} times=1` },
];

/** A length of time as scripts write it, or undefined: a number and its unit. */
export function readDuration(typed: string): string | undefined {
  const words = typed.normalize('NFKC').trim().toLowerCase();
  const found = /^(\d{1,6}(?:\.\d{1,6})?)\s*(us|ms|s|m|h|)$/.exec(words);
  return found ? `${found[1]}${found[2] || 's'}` : undefined;
}
