import { writeFile } from 'node:fs/promises';
import { styleText } from 'node:util';
import { asHostError, KernspecError } from '../base/errors.ts';

/** Whether a stream wants colour: a terminal, unless NO_COLOR says no; anything, if FORCE_COLOR says so. */
export const wantsColor = (stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): boolean => {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  if ((env['FORCE_COLOR'] ?? '') !== '') return true;
  return stream.isTTY && env['TERM'] !== 'dumb';
};

const paint = (format: Parameters<typeof styleText>[0], text: string): string =>
  wantsColor(process.stderr) ? styleText(format, text, { validateStream: false }) : text;

/** One clear sentence on stderr, then what to do; the stack only for errors that are nobody's but ours. */
export const printError = (error: unknown): void => {
  if (!(error instanceof KernspecError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${paint('red', 'error')} This is a bug of kernspec: ${text}\n`);
    return;
  }
  process.stderr.write(`${paint('red', 'error')} ${error.message}\n`);
  if (error.hint !== undefined) process.stderr.write(`${paint('cyan', ' hint')} ${error.hint}\n`);
  if (error.details !== undefined) process.stderr.write(`${error.details.replaceAll(/^/gm, '      ')}\n`);
};

/** Writes a text to a file, or to stdout for `-`. */
export const writeText = async (text: string, target: string): Promise<void> => {
  if (target === '-') {
    process.stdout.write(text);
    return;
  }
  try {
    await writeFile(target, text);
  } catch (error) {
    throw asHostError(error, 'writing', target);
  }
};

/** Writes data as JSON to a file, or to stdout for `true` and `-`. */
export const writeJson = (data: unknown, target: string | true): Promise<void> =>
  writeText(`${JSON.stringify(data, null, 2)}\n`, target === true ? '-' : target);
