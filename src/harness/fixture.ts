/** A program of the guest, to be started by `launch`. Inert. */
export interface Fixture {
  readonly argv: readonly string[];
}

/** Any program of the guest. */
export const command = (...argv: readonly [string, ...string[]]): Fixture => ({ argv });

/** An actor: a process that does what its script says, statement by statement. (guest/PROTOCOL.md) */
export const actor = (script: string): Fixture => ({ argv: ['/kernspec/bin/actor', script.trim()] });

/** A Node script given as text, with `emit` and `stay` of guest/fixtures/events.cjs; run by the guest's own node. */
export const node = (script: string): Fixture => ({
  argv: ['node', '-r', '/kernspec/fixtures/events.cjs', '-e', script.trim()],
});

/** A shell script given as text. */
export const shell = (interpreter: 'bash' | 'dash', script: string): Fixture => ({
  argv: [interpreter, '-c', script.trim()],
});

/** tini as the parent of another program. */
export const tini = (options: readonly string[], child: Fixture): Fixture => ({
  argv: ['tini', ...options, '--', ...child.argv],
});

/** A fixture that is a member of a cgroup from the start: it goes there by itself, and what it forks is there too. */
export const inCgroup = (directory: string, { argv }: Fixture): Fixture => ({
  argv: ['dash', '-c', `echo 0 > ${directory}/cgroup.procs && exec "$@"`, 'dash', ...argv],
});
