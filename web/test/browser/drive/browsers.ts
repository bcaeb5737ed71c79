import { startChromium } from './chromium.js';
import { startFirefox } from './firefox.js';

/** For `describe.each`: every browser that can be had here. */
export const BROWSERS = [
  ['chromium', startChromium],
  ['firefox', startFirefox],
] as const;
