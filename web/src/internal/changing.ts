/** State that tells its watchers when it changed. Watchers read; only the owner writes. */
export class Changing {
  readonly #watchers = new Set<() => void>();

  /** Calls `watcher` after every change until what it returns is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  protected changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
