import { startChromium } from './chromium.js';
import { startFirefox } from './firefox.js';

const ALL = [
  ['chromium', startChromium],
  ['firefox', startFirefox],
] as const;

/** For `describe.each`: every browser, or the one that `OTTLA_BROWSER` names. */
export const BROWSERS = ALL.filter(([name]) => (process.env['OTTLA_BROWSER'] ?? name) === name);
