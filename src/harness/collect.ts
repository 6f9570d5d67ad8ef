import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot, specsDir } from '../base/paths.ts';
import type { Claim } from '../claims/claim.ts';
import { bindSpecs, takeRegistered } from './spec.ts';

/** A claim and the file its spec stands in, relative to the project. */
export interface CollectedClaim {
  readonly claim: Claim;
  /** What its breaks change. */
  readonly breaks: readonly string[];
  readonly file: string;
}

let collection: Promise<readonly CollectedClaim[]> | undefined;

/** All claims of `specs/`, in the order of files and of the specs within them, without running anything. */
export const collectClaims = (): Promise<readonly CollectedClaim[]> => (collection ??= collect());

/** A file registers its specs when it is imported, and it is imported once. */
const collect = async (): Promise<readonly CollectedClaim[]> => {
  bindSpecs(undefined);
  const directory = specsDir();
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.spec.ts')).toSorted();
  const collected: CollectedClaim[] = [];
  for (const name of names) {
    const path = join(directory, name);
    takeRegistered();
    await import(pathToFileURL(path).href);
    const file = relative(projectRoot, path);
    collected.push(
      ...takeRegistered().map(({ claim, breaks }) => ({ claim, breaks: breaks.map(({ what }) => what), file })),
    );
  }
  return collected;
};
