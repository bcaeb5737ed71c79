/**
 * What IndexedDB refuses, told from outside: in a page, or before a Worker's own script.
 *
 * The function goes over as its own text, so it stands on nothing outside itself.
 */

/**
 * - `abort`: the `at`th request aborts its transaction. Once.
 * - `quota`: from the `at`th write on there is no more room than was used by then. As in Chromium, the transaction only
 *   aborts, and no request of it says why (I1). What is deleted makes room.
 * - `lost`: opening or reading or writing finds the database closed, at the `at`th attempt (I4). Once.
 */
export type FaultKind = 'abort' | 'quota' | 'lost';

export interface Faults {
  /** What was refused first since `arm`, or nothing yet. */
  hit: string | undefined;
  /** Counts from 1. */
  arm(kind: FaultKind, at: number): void;
  disarm(): void;
  /** Called once after the next write was asked for and before it can have ended. */
  onWrite: (() => void) | undefined;
  /** Of every readwrite transaction so far: what durability it was opened with. */
  readonly durabilities: string[];
}

export function installFaults(): Faults {
  const NAME_BYTES = 100;
  let armed: { kind: FaultKind; left: number } | undefined;
  /** Bytes there is room for in all databases, once the quota is reached. */
  let room: number | undefined;
  const held = new Map<string, { key: IDBValidKey; bytes: number }>();
  const undo = new WeakMap<IDBTransaction, (() => void)[]>();
  const faults: Faults = {
    hit: undefined,
    arm(kind, at) {
      armed = { kind, left: at };
      room = faults.hit = undefined;
    },
    disarm() {
      armed = room = undefined;
    },
    onWrite: undefined,
    durabilities: [],
  };

  const used = () => [...held.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  const isDue = (kind: FaultKind, call: string) => {
    if (armed?.kind !== kind || --armed.left > 0) return false;
    armed = undefined;
    faults.hit = call;
    return true;
  };
  const place = (store: IDBObjectStore, key: IDBValidKey) =>
    [store.transaction.db.name, store.name, JSON.stringify(key)].join(' ');
  const set = (store: IDBObjectStore, at: string, now: { key: IDBValidKey; bytes: number } | undefined) => {
    const before = held.get(at);
    const set = (value: typeof now) => (value ? held.set(at, value) : held.delete(at));
    set(now);
    const { transaction } = store;
    let undone = undo.get(transaction);
    if (!undone) {
      undo.set(transaction, (undone = []));
      transaction.addEventListener('abort', () =>
        undo
          .get(transaction)!
          .reverse()
          .forEach(back => back()),
      );
    }
    undone.push(() => set(before));
  };
  const outOfRoom = ({ transaction }: IDBObjectStore) => {
    const error = new DOMException('as a test wants it', 'QuotaExceededError');
    Object.defineProperty(transaction, 'error', { value: error, configurable: true });
    transaction.abort();
  };

  const methods = IDBObjectStore.prototype;
  const put = methods.put;
  methods.put = function (value: unknown, key?: IDBValidKey) {
    const bytes = value instanceof Uint8Array ? value.length : NAME_BYTES;
    if (isDue('quota', 'put')) room = used();
    const request = put.call(this, value, key);
    set(this, place(this, key!), { key: key!, bytes });
    if (isDue('abort', 'put')) this.transaction.abort();
    else if (room !== undefined && used() > room) outOfRoom(this);
    const told = faults.onWrite;
    faults.onWrite = undefined;
    told?.();
    return request;
  };
  const remove = methods.delete;
  methods.delete = function (which: IDBValidKey | IDBKeyRange) {
    const request = remove.call(this, which);
    const isMeant = (key: IDBValidKey) =>
      which instanceof IDBKeyRange ? which.includes(key) : indexedDB.cmp(which, key) === 0;
    const prefix = `${this.transaction.db.name} ${this.name} `;
    for (const [at, { key }] of held) if (at.startsWith(prefix) && isMeant(key)) set(this, at, undefined);
    if (isDue('abort', 'delete')) this.transaction.abort();
    return request;
  };
  for (const name of ['getAll', 'getAllKeys', 'openCursor', 'openKeyCursor'] as const) {
    const ask = methods[name] as (this: IDBObjectStore, ...given: unknown[]) => IDBRequest;
    (methods[name] as unknown) = function (this: IDBObjectStore, ...given: unknown[]) {
      const request = ask.apply(this, given);
      if (isDue('abort', name)) this.transaction.abort();
      return request;
    };
  }
  const begin = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (stores, mode, options) {
    if (isDue('lost', `transaction ${mode}`)) {
      this.close();
      throw new DOMException('as a test wants it', 'InvalidStateError');
    }
    const transaction = begin.call(this, stores, mode, options);
    if (mode === 'readwrite') faults.durabilities.push(transaction.durability);
    return transaction;
  };
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (name, version) {
    if (isDue('lost', 'open')) throw new DOMException('as a test wants it', 'UnknownError');
    return open.call(this, name, version);
  };
  const drop = IDBFactory.prototype.deleteDatabase;
  IDBFactory.prototype.deleteDatabase = function (name) {
    for (const at of held.keys()) if (at.startsWith(`${name} `)) held.delete(at);
    return drop.call(this, name);
  };
  return faults;
}
