/** Values by key, so many: those with the least keys. Of content ids that is a fair draw, and the same in whatever order they come. */
export class Few<V> {
  #values = new Map<string, V>();

  constructor(readonly room: number) {}

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    this.#values.set(key, value);
    if (this.#values.size > this.room) this.#values.delete([...this.#values.keys()].reduce((a, b) => (a > b ? a : b)));
  }

  keys(): string[] {
    return [...this.#values.keys()].sort();
  }
}
