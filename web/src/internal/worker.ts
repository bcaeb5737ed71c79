/** The engine's own thread. */

import type { Port } from './protocol.js';
import { serve } from './serve.js';

serve(globalThis as unknown as Port);
