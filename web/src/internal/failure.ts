/** What went wrong, as the page tells it: a code to look up words by, and the broker's own sentence if it sent one. */
export interface Failure {
  /** Kafka's name ('TOPIC_ALREADY_EXISTS'), one of the package's ('in-use'), or 'unknown'. */
  code: string;
  detail?: string;
}

/** Errors cross a Worker's boundary, so they are known by their fields and not by their class. */
export function failureOf(error: unknown): Failure {
  if (typeof error !== 'object' || error === null) return { code: 'unknown', detail: String(error) };
  const { code, detail, message } = error as { code?: unknown; detail?: unknown; message?: unknown };
  const words = typeof detail === 'string' ? detail : typeof message === 'string' ? message : undefined;
  return { code: typeof code === 'string' ? code : 'unknown', ...(words ? { detail: words } : {}) };
}
