/**
 * What every promise of the package is rejected with.
 *
 * `code` is one of 'in-use', 'no-storage', 'read-only', 'cannot-open', 'aborted', 'closed', 'gone', 'exists', 'bad-file',
 * 'full', 'bad-scenario', or Kafka's name of its error, in which case `kafkaCode` is its number.
 */
export class OttlaError extends Error {
  override readonly name = 'OttlaError';
  readonly code: string;
  readonly kafkaCode?: number;
  /** Whether asking again may help. */
  readonly retriable: boolean;
  /** The words of whoever refused: the broker's, the platform's. In English. */
  readonly detail?: string;

  constructor(code: string, detail?: string, more: { kafkaCode?: number; retriable?: boolean } = {}) {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
    this.retriable = more.retriable ?? false;
    if (detail !== undefined) this.detail = detail;
    if (more.kafkaCode !== undefined) this.kafkaCode = more.kafkaCode;
  }
}
