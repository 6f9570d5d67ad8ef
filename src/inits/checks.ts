import { NothingSelectedError } from '../base/errors.ts';
import { didYouMean } from '../base/nearest.ts';
import type { Check } from './check.ts';
import { environmentChecks } from './checks/environment.ts';
import { reapingChecks } from './checks/reaping.ts';
import { signalChecks } from './checks/signals.ts';
import { startChecks } from './checks/start.ts';
import { stoppingChecks } from './checks/stopping.ts';
import { surroundingsChecks } from './checks/surroundings.ts';
import { terminalChecks } from './checks/terminal.ts';

/** The sections of a scorecard, in the order in which they are read. */
export const sections: readonly { readonly title: string; readonly checks: readonly Check[] }[] = [
  { title: 'Signals to PID 1', checks: signalChecks },
  { title: 'Stopping and exit status', checks: stoppingChecks },
  { title: 'Reaping', checks: reapingChecks },
  { title: 'Start-up', checks: startChecks },
  { title: 'What the command inherits', checks: environmentChecks },
  { title: 'Terminal', checks: terminalChecks },
  { title: 'Surroundings', checks: surroundingsChecks },
];

export const allChecks: readonly Check[] = sections.flatMap(({ checks }) => checks);

/** The checks worth having first, most important first. */
const coreChecks: readonly string[] = [
  'SIG-TERM',
  'STOP-EXIT',
  'STOP-DFL',
  'STOP-BARE',
  'STOP-GRACEFUL',
  'REAP-ONE',
  'REAP-EXEC',
  'REAP-STORM',
  'EXIT-CODE',
  'EXIT-SIGNAL',
  'START-FAIL',
  'ENV-MASK',
  'ENV-NOIGN',
  'START-CHLD-IGN',
  'START-PENDING',
  'SIG-STOPSET',
  'SIG-EPERM',
  'SIG-GROUP',
  'EXIT-LEFT',
  'TTY-INT',
];

/**
 * The checks that ids or prefixes of ids mean; `core` is a selection, nothing means all.
 *
 * @throws NothingSelectedError naming what is near
 */
export const selectChecks = (wanted: readonly string[]): readonly Check[] => {
  if (wanted.length === 0) return allChecks;
  const ids = new Set<string>();
  for (const word of wanted) {
    const upper = word.toUpperCase();
    const matching =
      word === 'core'
        ? coreChecks
        : allChecks
            .map(({ id }) => id)
            .filter((id) => id === upper || id.startsWith(upper.endsWith('-') ? upper : `${upper}-`));
    if (matching.length === 0) {
      throw new NothingSelectedError(`There is no check "${word}".`, {
        hint: didYouMean(
          upper,
          allChecks.map(({ id }) => id),
          '`kernspec list checks` shows them all.',
        ),
      });
    }
    for (const id of matching) ids.add(id);
  }
  return allChecks.filter(({ id }) => ids.has(id));
};
