/** What happened, as a sentence in the visitor's language. */

import { apiName } from './apis.js';
import { text, textIfKnown, type Value } from './locale.js';

export interface Happening {
  name: string;
  [field: string]: number | string | boolean | bigint;
}

export function whyWords(why: string): string {
  return textIfKnown(`why.${why}`) ?? why;
}

/** Fields that are true or false in the core, and numbers on the way here. */
export const FLAGS: readonly string[] = ['expired', 'recovered', 'sync'];

export function flagWords(value: Happening[string]): string {
  return text(Number(value) === 0 ? 'word.no' : 'word.yes');
}

/** An event's sentence. Topics are named where the name is still known. */
export function eventWords(event: Happening, topicNames: ReadonlyMap<string, string>): string {
  const of: Record<string, Value> = {};
  for (const [field, value] of Object.entries(event))
    of[field] = typeof value === 'boolean' || FLAGS.includes(field) ? flagWords(value) : value;
  const topic = event['topic'];
  if (typeof topic === 'string') of['topic'] = topicNames.get(topic) ?? topic;
  if (typeof event['why'] === 'string') of['why'] = whyWords(event['why']);
  if (event['api_key'] !== undefined) of['api'] = apiName(Number(event['api_key']));
  return textIfKnown(`event.${event.name}`, of) ?? text('event.other', { name: event.name });
}
