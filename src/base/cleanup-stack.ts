/** Disposes of what was acquired, newest first. Stands in for AsyncDisposableStack, which Node 20 lacks. */
export class CleanupStack implements AsyncDisposable {
  #steps: (() => unknown)[] = [];

  /** Registers a step; call it in the statement that acquires the resource. */
  defer(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Registers a disposable and returns it. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    this.defer(() => (Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose]() : resource[Symbol.dispose]()));
    return resource;
  }

  /** Hands all steps to a new stack: what was built is now owned by somebody else. */
  move(): CleanupStack {
    const moved = new CleanupStack();
    moved.#steps = this.#steps;
    this.#steps = [];
    return moved;
  }

  /** Runs every step even when some fail; throws the first failure afterwards. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
