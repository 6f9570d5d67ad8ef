import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../base/paths.ts';
import { checkArms } from '../claims/expectation.ts';
import { collectClaims, type CollectedClaim } from '../harness/collect.ts';
import { withoutFlavour } from '../kernels/version.ts';
import { claimsPage, differencesPage } from '../report/claims-page.ts';
import { initsPage, initsText, PublishedInits } from '../report/init-matrix.ts';
import { matrixText, PublishedMatrix, publish } from '../report/published-matrix.ts';
import type { RunRecord } from '../report/record.ts';
import { schemas } from '../report/schema.ts';

const matrixPath = 'docs/generated/matrix.json';
const initsPath = 'docs/generated/inits.json';

/** The matrix that stands in the repository; undefined before there is one. */
export const readPublishedMatrix = async (): Promise<PublishedMatrix | undefined> => {
  const text = await readFile(join(projectRoot, matrixPath), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : PublishedMatrix.parse(JSON.parse(text));
};

/** What inits are known to do, as it stands in the repository; undefined before there is anything. */
export const readPublishedInits = async (): Promise<PublishedInits | undefined> => {
  const text = await readFile(join(projectRoot, initsPath), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : PublishedInits.parse(JSON.parse(text));
};

/** The documents about inits. */
export const initDocuments = (inits: PublishedInits): Documents => ({
  [initsPath]: initsText(inits),
  'docs/generated/inits.md': initsPage(inits),
});

/** Documents that are made from sources and records, by their paths below the project. */
export type Documents = Readonly<Record<string, string>>;

/** All documents, made anew of the claims there are and of a matrix. */
export const documentsOf = async (matrix: PublishedMatrix): Promise<Documents> => {
  const claims = await collectClaims();
  const inits = await readPublishedInits();
  return {
    ...(inits === undefined ? {} : initDocuments(inits)),
    ...Object.fromEntries(Object.entries(schemas()).map(([name, text]) => [`docs/schema/${name}`, text])),
    [matrixPath]: matrixText(matrix),
    'docs/generated/claims.md': claimsPage(claims, matrix),
    'docs/generated/differences.md': differencesPage(claims, matrix),
  };
};

/** Which of the documents are not as they would be made now, and which claims the matrix does not know on all kernels. */
export const staleDocuments = async (): Promise<readonly string[]> => {
  const matrix = await readPublishedMatrix();
  if (matrix === undefined) return [`${matrixPath} is not there.`];
  const stale: string[] = [];
  const versions = matrix.kernels.map(({ version }) => version);
  for (const { claim } of await collectClaims()) {
    if (claim.expected !== undefined)
      stale.push(...checkArms(claim.expected, versions).problems.map((problem) => `${claim.id}: ${problem}`));
    const verdicts = matrix.claims[claim.id]?.verdicts ?? '';
    if (!/^[hn]+$/.test(verdicts)) stale.push(`${claim.id} is not known to hold on all kernels: "${verdicts}".`);
  }
  for (const [path, text] of Object.entries(await documentsOf(matrix))) {
    const there = await readFile(join(projectRoot, path), 'utf8').catch(() => '');
    // Prettier lays out the schemas.
    const same = path.startsWith('docs/schema/')
      ? JSON.stringify(parsed(there)) === JSON.stringify(parsed(text))
      : there === text;
    if (!same) stale.push(`${path} is stale.`);
  }
  return stale;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const Evidence = z.object({ fixtures: z.array(z.object({ argv: z.array(z.string()) })).optional() });

/** Programs of one claim that are shown; a page is no place for more. */
const shownFixtures = 3;

const fixtureText = (argv: readonly string[]): string =>
  [basename(argv[0] ?? ''), ...argv.slice(1)].join(' ').replaceAll(/\s+/g, ' ').slice(0, 600);

/** The programs a claim was observed with, from its evidence on one of the kernels. */
const fixturesIn = async (directory: string, record: RunRecord): Promise<ReadonlyMap<string, readonly string[]>> => {
  const found = new Map<string, readonly string[]>();
  for (const { claim, evidence, verdict } of record.results) {
    if (verdict !== 'holds' || found.has(claim)) continue;
    const text = await readFile(join(directory, evidence), 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const { fixtures = [] } = Evidence.parse(JSON.parse(text));
    found.set(claim, [...new Set(fixtures.map(({ argv }) => fixtureText(argv)))].slice(0, shownFixtures));
  }
  return found;
};

/**
 * The matrix that stands in the repository, with what a run has to say of the usual flavour; `kernspec diff` compares others.
 *
 * @param directory where the record and its evidence are
 */
export const publishRun = async (directory: string, record: RunRecord): Promise<PublishedMatrix> => {
  const claims: readonly CollectedClaim[] = await collectClaims();
  const fixtures = await fixturesIn(directory, record);
  const kernels = record.kernels.filter(({ id }) => withoutFlavour(id) === id);
  return publish(
    await readPublishedMatrix(),
    { ...record, kernels },
    (claim) => fixtures.get(claim),
    claims.map(({ claim }) => claim.id),
  );
};
