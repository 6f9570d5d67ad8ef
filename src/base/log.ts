/** Diagnostic lines on stderr, switched on by DEBUG=kernspec:* (or kernspec:vm, kernspec:apt …). */
export const debugLog = (area: string): ((message: string) => void) => {
  const wanted = (process.env['DEBUG'] ?? '')
    .split(/[\s,]+/)
    .some((pattern) => pattern === `kernspec:${area}` || pattern === 'kernspec:*' || pattern === '*');
  return wanted ? (message) => process.stderr.write(`kernspec:${area} ${message}\n`) : () => undefined;
};
