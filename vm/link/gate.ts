import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { withDeadline } from '../../src/base/deadline.ts';
import { deferred } from '../../src/base/deferred.ts';
import { LinkError } from '../../src/base/errors.ts';

/** Bytes of entropy a clone is given: as many as the seed of a ChaCha20 key has. (drivers/char/random.c, CHACHA_KEY_SIZE) */
const entropyBytes = 32;

type Patiently = <T>(ms: number, wait: (ms: number) => Promise<T>) => Promise<T>;

/** The way into a machine before there is ssh: guest/src/gate.c on its second serial port. */
export class Gate {
  readonly #stream: Duplex;
  readonly #patiently: Patiently;

  /** @param patiently waits for the guest as long as it can be expected to take on this computer */
  constructor(stream: Duplex, patiently: Patiently) {
    this.#stream = stream;
    this.#patiently = patiently;
    // Else execa reads it, and throws away what nobody has asked for yet: a greeting may come early.
    stream.pause();
  }

  /** Waits until the gate listens: what is written before that is lost. A clone's gate has listened all along. */
  opened(ms: number): Promise<void> {
    return this.#hear('gate', "The gate's greeting", ms);
  }

  /** Waits until the guest's sshd answers and no connection to it is left. */
  settle(ms: number): Promise<void> {
    return this.#ask('settle', 'settled', ms);
  }

  /** Gives a guest that has just been resumed random state of its own and the time of day. */
  resume(ms: number): Promise<void> {
    const now = Date.now();
    const time = `${Math.floor(now / 1000)} ${(now % 1000) * 1_000_000}`;
    return this.#ask(`resume ${randomBytes(entropyBytes).toString('hex')} ${time}`, 'resumed', ms);
  }

  /** Turns the port into a connection to the guest's sshd, for a guest without a network card. */
  async connect(ms: number): Promise<Duplex> {
    await this.#ask('connect', 'connected', ms);
    return this.#stream;
  }

  #ask(request: string, expected: string, ms: number): Promise<void> {
    this.#stream.write(`${request}\n`);
    return this.#hear(expected, `The gate's answer to "${request.split(' ')[0] ?? ''}"`, ms);
  }

  /** Reads without a listener for data, so that what comes after the answer is left to be read by others. */
  async #hear(expected: string, what: string, ms: number): Promise<void> {
    const heard = deferred<string>();
    let text = Buffer.alloc(0);
    const read = (): void => {
      for (
        let chunk = this.#stream.read() as Buffer | null;
        chunk !== null;
        chunk = this.#stream.read() as Buffer | null
      )
        text = Buffer.concat([text, chunk]);
      const end = text.indexOf('\n');
      if (end < 0) return;
      this.#stream.off('readable', read);
      if (end + 1 < text.length) this.#stream.unshift(text.subarray(end + 1));
      heard.resolve(text.toString('latin1', 0, end));
    };
    this.#stream.on('readable', read);
    try {
      read();
      const log = (): string => text.toString('latin1');
      const answer = await this.#patiently(ms, (left) => withDeadline({ what, ms: left, log }, heard.promise));
      if (answer !== expected) throw new LinkError(`${what} is "${answer}".`);
    } finally {
      this.#stream.off('readable', read);
    }
  }
}
