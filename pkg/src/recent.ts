/** The last values that were set or asked for, up to a number of them. */
export class Recent<V> {
  #values = new Map<string, V>();

  constructor(readonly room: number) {}

  get(key: string): V | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: V): void {
    // A map keeps its keys in the order they were set.
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.room) this.#values.delete(this.#values.keys().next().value!);
  }

  clear(): void {
    this.#values.clear();
  }
}
