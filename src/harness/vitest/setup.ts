/** Setup file of the workers that judge claims. */
import { bindSpecs } from '../spec.ts';
import { toTests } from './spec-test.ts';
import { watchOver } from './watchdog.ts';

bindSpecs(toTests);

// Our main process is gone: nobody wants our results, and our machines must not outlive it. (They die with us.)
if (process.listenerCount('disconnect') === 0) process.on('disconnect', () => process.exit(1));
watchOver();
