/** The part of the public API that the Lab's screens stand on, so that a test can hand them a world of its own making. */

import type { LabEvent, LabOptions, LabState, LabUntil } from '../public/types.js';

export interface RunningLab {
  state(): Promise<LabState>;
  step(count?: number): Promise<LabState>;
  stepUntil(until: LabUntil, budgetMs?: number): Promise<LabState & { reached: boolean }>;
  seek(at: number, onProgress?: (now: number) => void): Promise<LabState>;
  command(lines: string): Promise<LabState>;
  events(limit?: number, who?: LabEvent['who']): Promise<LabEvent[]>;
  fork(): Promise<RunningLab>;
  journal(): Promise<string>;
  close(): Promise<void>;
}

export interface LabDoor {
  open(text: string, options?: LabOptions): Promise<RunningLab>;
}
