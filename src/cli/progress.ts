import { stripVTControlCharacters } from 'node:util';

/**
 * What is going on, on stderr. On a terminal one line that is written over; elsewhere a line for each phase, and for long
 * transfers one for each quarter.
 */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #shown = false;
  #phase = '';
  #quarter = -1;
  #tenth = 0;

  constructor(stream: NodeJS.WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** A new step has begun. */
  phase(text: string): void {
    if (text === this.#phase) return;
    this.#phase = text;
    this.#quarter = -1;
    this.#show(text);
  }

  /** Bytes of the step that are done. */
  bytes(what: string, done: number, total: number): void {
    const quarter = total > 0 ? Math.floor((4 * done) / total) : 0;
    if (!this.#stream.isTTY && (what === this.#phase ? quarter === this.#quarter : false)) return;
    this.#phase = what;
    this.#quarter = quarter;
    const percent = total > 0 ? `${Math.floor((100 * done) / total)}%` : '';
    this.#show(`${what} ${percent}`.trimEnd());
  }

  /** So many of a number of things are done; where nothing can be written over, a line for each tenth. */
  count(done: number, total: number, text: string): void {
    const tenth = Math.floor((10 * done) / total);
    if (!this.#stream.isTTY && tenth === this.#tenth) return;
    this.#tenth = tenth;
    this.#show(`${done}/${total} ${text}`);
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    this.#stream.write(`${text}\n`);
  }

  /** Takes the line that is written over away. */
  clear(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }

  #show(text: string): void {
    if (!this.#stream.isTTY) {
      this.#stream.write(`· ${text}\n`);
      return;
    }
    const room = this.#stream.columns - 1;
    const fits = stripVTControlCharacters(text).length <= room ? text : stripVTControlCharacters(text).slice(0, room);
    this.#stream.write(`\r\u001b[K${fits}`);
    this.#shown = true;
  }
}
