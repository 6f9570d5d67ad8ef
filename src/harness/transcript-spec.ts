import type { Claim } from '../claims/claim.ts';
import type { WaitStatus } from '../evidence/wait-status.ts';
import type { Break } from './break.ts';
import { actor } from './fixture.ts';
import { spec } from './spec.ts';

/** What the processes of a script say, by name; `main` is the actor itself. (RunningFixture.transcript) */
type Transcripts = Readonly<Record<string, readonly string[]>>;

/** A script that runs to its end by itself, and what it must say to the letter. */
export interface Telling<Expected> {
  readonly script: string;
  /** An ordinary process of the host unless told: the init of a new pid namespace. */
  readonly as?: 'process' | 'init';
  /** How it ends; `exit 0` unless told. */
  readonly ends?: WaitStatus;
  /** Whole transcripts; of processes that are not named, nothing is claimed. A function of what the claim expects of this kernel. */
  readonly says: Transcripts | ((expected: Expected) => Transcripts);
}

/** Declares a claim whose evidence is the transcript of one actor. */
export const tells = <Expected = undefined>(
  claim: Claim<Expected>,
  { script, as = 'process', ends = { by: 'exit', code: 0 }, says }: Telling<Expected>,
  breaks: readonly Break[],
): void => {
  spec<Expected>(
    claim,
    async ({ guest, expect, expected }) => {
      const fixture = await (as === 'init'
        ? guest.pidNamespace(actor(script))
        : guest.process(actor(script), { endAll: true }));
      const ended = await fixture.finished();
      const wanted = typeof says === 'function' ? says(expected) : says;
      const heard = Object.fromEntries(Object.keys(wanted).map((who) => [who, fixture.transcript(who)]));
      expect({ ended, ...heard }).toEqual({ ended: ends, ...wanted });
    },
    breaks,
  );
};
