import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeFileAtomically } from '../base/atomic.ts';
import { runsDir } from '../base/paths.ts';

/** Where a run keeps its record and its evidence: files of JSON, written whole and one after the other. */
export class RunDirectory {
  readonly path: string;
  #written: Promise<unknown> = Promise.resolve();

  /** @param id of the run */
  constructor(id: string) {
    this.path = join(runsDir(), id);
  }

  /** @param name path below the directory; a file of that name is replaced */
  write(name: string, content: unknown): void {
    const path = join(this.path, name);
    const text = `${JSON.stringify(content, null, 1)}\n`;
    this.#written = this.#written.then(async () => {
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomically(path, text);
    });
    this.#written.catch(() => undefined);
  }

  /** @throws what kept a file from being written */
  async settled(): Promise<void> {
    await this.#written;
  }
}
