import type { FixtureEvent } from './fixture-event.ts';

/** Marks in a story and births that went well: they say nothing about the kernel. */
const unremarkable: ReadonlySet<string> = new Set(['ready', 'fork', 'clone', 'thread', 'say']);

/**
 * What one process of an actor's script did and what came of it, a line each, in the words of the script: `kill init TERM: 0`,
 * `on KILL: EINVAL`, `signal TERM: SI_USER from parent`, `wait worker: exit 3`. Order is that of the process itself.
 */
export const transcriptOf = (events: readonly FixtureEvent[], who: string): readonly string[] =>
  events
    .filter((event) => event.who === who)
    .filter(({ ev, result = 0 }) => !unremarkable.has(ev) || result < 0)
    .map(({ ev, about = '', error, text, result }) => {
      const statement = about === '' ? ev : `${ev} ${about}`;
      return `${statement}: ${error ?? text ?? result ?? ''}`;
    });
