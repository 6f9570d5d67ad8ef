import { FixtureError } from '../base/errors.ts';
import type { Fixture } from './fixture.ts';

/**
 * A deliberate mistake in what a claim is shown, under which it must come out violated: the proof that it can. At least
 * one of the ways to make it.
 */
export interface Break {
  /** What is different, such as "the init has a handler". */
  readonly what: string;
  /** Another text in the argv of fixtures and in command lines. */
  readonly replace?: readonly [from: string, to: string];
  /** Another fixture instead of each. */
  readonly instead?: Fixture;
  /** An ordinary process instead of a namespace init. */
  readonly namespace?: 'none';
}

/** Carries out a break, or nothing if there is none, and knows whether it has made a difference. */
export class Breaker {
  readonly #breakage: Break | undefined;
  #applied = false;

  constructor(breakage: Break | undefined) {
    this.#breakage = breakage;
  }

  text(text: string): string {
    const [from, to] = this.#breakage?.replace ?? [];
    if (from === undefined || to === undefined || !text.includes(from)) return text;
    this.#applied = true;
    // By a function: in a text, $$ would mean something else.
    return text.replace(from, () => to);
  }

  fixture(fixture: Fixture): Fixture {
    const { instead } = this.#breakage ?? {};
    if (instead !== undefined) this.#applied = true;
    return { argv: (instead ?? fixture).argv.map((word) => this.text(word)) };
  }

  /** Whether an init is to be an ordinary process. */
  outsideNamespace(): boolean {
    const outside = this.#breakage?.namespace === 'none';
    this.#applied ||= outside;
    return outside;
  }

  /** @throws FixtureError when a break has changed nothing: it proves nothing */
  check(): void {
    if (this.#breakage !== undefined && !this.#applied)
      throw new FixtureError(`The break "${this.#breakage.what}" changes nothing.`);
  }
}
