/** The page's two homes, by the address's hash: a static host needs to know of neither. */
export type Home = 'live' | 'lab';

export function homeOf(hash: string): Home {
  return /^#(lab$|s=)/.test(hash) ? 'lab' : 'live';
}
