import { distance } from 'fastest-levenshtein';

/** Up to `limit` names that look like `name`, nearest first: those that contain it, and those within a third of its length of edits. */
const nearest = (name: string, candidates: readonly string[], limit = 3): readonly string[] =>
  candidates
    .map((candidate) => ({ candidate, edits: candidate.includes(name) ? 0 : distance(name, candidate) }))
    .filter(({ edits }) => edits <= Math.max(2, Math.ceil(name.length / 3)))
    .toSorted((a, b) => a.edits - b.edits || a.candidate.length - b.candidate.length)
    .slice(0, limit)
    .map(({ candidate }) => candidate);

/** The hint for an unknown name: "Did you mean a, b or c?", or what else to do. */
export const didYouMean = (name: string, candidates: readonly string[], otherwise: string): string => {
  const near = nearest(name, candidates);
  if (near.length === 0) return otherwise;
  return `Did you mean ${near.join(' or ')}? ${otherwise}`;
};
