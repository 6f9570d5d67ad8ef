import type { ExpectStatic } from 'vitest';
import type { Claim } from '../claims/claim.ts';
import type { Kernel } from '../kernels/kernel.ts';
import type { Break } from './break.ts';
import type { Guest } from './guest.ts';

/** What the body of a spec is given. */
export interface SpecContext<Expected> {
  readonly guest: Guest;
  readonly kernel: Kernel;
  /** vitest's expect, bound to this spec. A failed assertion makes the verdict `violated`. */
  readonly expect: ExpectStatic;
  /** What the claim expects of this very kernel: the arm of its `byKernel` that matches. */
  readonly expected: Expected;
  /** Notes a value in words, to be kept beside the verdict; the last one counts. */
  readonly observe: (value: unknown) => void;
}

/** The executable check of one claim. */
export interface Spec {
  readonly claim: Claim;
  readonly body: (context: SpecContext<never>) => Promise<void>;
  /** What must make it fail. */
  readonly breaks: readonly Break[];
}

const registered: Spec[] = [];

/** Called for every spec as its file is imported; `undefined` while claims are only collected. */
let binding: ((spec: Spec) => void) | undefined;

/** Sets what happens with specs from now on. vitest's worker turns them into tests; collecting leaves them alone. */
export const bindSpecs = (bind: ((spec: Spec) => void) | undefined): void => {
  binding = bind;
};

/** Takes the specs registered since the last call. */
export const takeRegistered = (): readonly Spec[] => registered.splice(0);

/** Declares a claim together with its check. Every file of `specs/` consists of calls of this. */
export const spec = <Expected = undefined>(
  claim: Claim<Expected>,
  body: (context: SpecContext<Expected>) => Promise<void>,
  breaks: readonly Break[] = [],
): void => {
  const declared = { claim, body, breaks } as unknown as Spec;
  registered.push(declared);
  binding?.(declared);
};
