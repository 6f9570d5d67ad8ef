import { z } from 'zod';

/** One event of a fixture or of `launch`, as guest/PROTOCOL.md has it. Fields beyond the common ones depend on `ev`. */
export const FixtureEvent = z.looseObject({
  seq: z.number().int(),
  /** CLOCK_MONOTONIC, ns. */
  t: z.number().int(),
  /** In the writer's own pid namespace. */
  pid: z.number().int(),
  who: z.string(),
  ev: z.string(),
  about: z.string().optional(),
  result: z.number().int().optional(),
  error: z.string().optional(),
  signo: z.number().int().optional(),
  code: z.number().int().optional(),
  si_pid: z.number().int().optional(),
  si_uid: z.number().int().optional(),
  si_status: z.number().int().optional(),
  value: z.number().int().optional(),
  status: z.number().int().optional(),
  signals: z.array(z.number().int()).optional(),
  ppid: z.number().int().optional(),
  pgrp: z.number().int().optional(),
  sid: z.number().int().optional(),
  child: z.number().int().optional(),
  id: z.number().int().optional(),
  text: z.string().optional(),
  what: z.string().optional(),
  word: z.string().optional(),
  program: z.string().optional(),
});
export type FixtureEvent = z.infer<typeof FixtureEvent>;

/** A line of `launch`, told apart by its first letter. `garbage` is a line on descriptor 3 that is no event. */
export type LaunchLine =
  | { readonly from: 'parent'; readonly event: FixtureEvent }
  | { readonly from: 'fixture'; readonly event: FixtureEvent }
  | { readonly from: 'garbage'; readonly text: string }
  | { readonly from: 'stdout' | 'stderr'; readonly text: string }
  | { readonly from: 'kernel'; readonly text: string };

/** An event, or undefined for any other text. */
export const parseEvent = (text: string): FixtureEvent | undefined => {
  try {
    return FixtureEvent.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Bytes that the C side escaped one by one, as a string of one character a byte: a character may be cut in two. */
const unquoted = (quoted: string): string => JSON.parse(quoted) as string;

/**
 * Reads one line of `launch`.
 *
 * @returns undefined for a line that launch cannot have written: then the channel itself is broken
 */
export const parseLaunchLine = (line: string): LaunchLine | undefined => {
  const rest = line.slice(2);
  switch (line.slice(0, 2)) {
    case 'P ': {
      const event = parseEvent(rest);
      return event && { from: 'parent', event };
    }
    case 'F ': {
      const event = parseEvent(rest);
      return event === undefined ? { from: 'garbage', text: rest } : { from: 'fixture', event };
    }
    case 'O ':
      return { from: 'stdout', text: unquoted(rest) };
    case 'E ':
      return { from: 'stderr', text: unquoted(rest) };
    case 'T ':
      return { from: 'kernel', text: rest };
    default:
      return undefined;
  }
};
