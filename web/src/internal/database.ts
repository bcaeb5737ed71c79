/** Removing a cluster, which needs no engine: nobody may have it open, and then its database goes. */

import { OttlaError } from '../public/error.js';

/** How long a page that was just reloaded may need to let go of what it had open. */
const PATIENCE_MS = 1_000;
const BLOCKED_MS = 3_000;
/** A request behind one that is blocked hears nothing, not even that. */
const DELETED_MS = 10_000;

export async function removeCluster(name: string): Promise<void> {
  if (!/^[a-z0-9-]{1,64}$/.test(name)) {
    throw new OttlaError('INVALID_REQUEST', "a cluster's name is 1 to 64 of a-z, 0-9 and '-'", { kafkaCode: 42 });
  }
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  if (!locks || typeof indexedDB === 'undefined') throw new OttlaError('no-storage');
  const signal = AbortSignal.timeout(PATIENCE_MS);
  try {
    await locks.request(`ottla-cluster-${name}`, { signal }, () =>
      locks.request(`ottla-broker-${name}-1`, () => removeDatabase(`ottla-${name}`)),
    );
  } catch (error) {
    if (error instanceof OttlaError) throw error;
    throw new OttlaError('in-use', `'${name}' is open in another tab`);
  }
}

function removeDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(new OttlaError('no-storage', request.error?.message));
    const giveUp = () => reject(new OttlaError('in-use', 'the database is open in another tab'));
    request.onblocked = () => setTimeout(giveUp, BLOCKED_MS);
    setTimeout(giveUp, DELETED_MS);
  });
}
