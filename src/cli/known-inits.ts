import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, UsageError } from '../base/errors.ts';
import { projectRoot } from '../base/paths.ts';
import { KnownInits, type KnownInit } from '../inits/known.ts';

const ours = join(projectRoot, 'guest/inits/known.json');

/**
 * The inits of guest/inits/known.json, or of a file of one's own in the same form.
 *
 * @throws UsageError saying what is wrong with the file
 */
export const readKnownInits = async (path: string = ours): Promise<readonly KnownInit[]> => {
  const bad = (why: string, cause?: unknown): UsageError =>
    new UsageError(`The catalogue of inits ${path} cannot be used: ${why}.`, {
      hint: 'It is a JSON list such as guest/inits/known.json.',
      cause,
    });
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw bad(messageOf(error), error);
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw bad(messageOf(error), error);
  }
  const { data, error } = KnownInits.safeParse(json);
  if (data === undefined) throw bad(z.prettifyError(error).split('\n').slice(0, 2).join(' ').trim(), error);
  return data;
};
