/**
 * Faults in the Worker that the page starts, ordered by its page: what runs before the Worker's own script, and what a
 * test's code in the page calls. Functions go over as their own text.
 */

import { installFaults, type FaultKind, type Faults } from './faults.js';

export type Order = { arm: [FaultKind, number] } | { disarm: true } | { panic: true } | { tell: true };
export interface Told {
  hit: string | undefined;
  durabilities: string[];
}

function takeOrders(faults: Faults): void {
  const orders = new BroadcastChannel('faults');
  orders.onmessage = ({ data }: { data: Order }) => {
    if ('arm' in data) faults.arm(...data.arm);
    if ('disarm' in data) faults.disarm();
    if ('panic' in data) faults.onWrite = () => queueMicrotask(panic);
    orders.postMessage({ hit: faults.hit, durabilities: faults.durabilities });
  };

  interface Live {
    kill(): void;
    status(): unknown;
  }
  let live: Live | undefined;
  const { register } = FinalizationRegistry.prototype;
  FinalizationRegistry.prototype.register = function (target, ...rest) {
    if (typeof target === 'object' && 'kill' in target && 'status' in target) live = target as Live;
    return register.call(this, target, ...rest);
  };

  /** The cluster is ended while it is looked at, which no caller can do: a borrow of the engine's own is broken. */
  function panic(): void {
    const now = performance.now;
    performance.now = () => {
      performance.now = now;
      live!.kill();
      return 0;
    };
    live!.status();
  }
}

export const IN_WORKER = `(${takeOrders})((${installFaults})());`;

/** `order(…)` for a test's code in the page: gives what the Worker tells once the order is carried out. */
export const ORDER = `
  const order = order => new Promise(told => {
    const orders = new BroadcastChannel('faults');
    orders.onmessage = ({ data }) => (orders.close(), told(data));
    orders.postMessage(order);
  });
`;
