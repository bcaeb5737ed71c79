/** An event of a world as a sentence, and the names it needs. */

import { eventWords } from '../event-words.js';
import { text, textIfKnown, type Value } from '../locale.js';
import type { LabEvent } from '../../public/types.js';
import type { Branch } from './branch.js';

export function topicNames(branch: Branch): ReadonlyMap<string, string> {
  return new Map(branch.state.topics.map(({ id, name }) => [id, name]));
}

export function happened(event: LabEvent, names: ReadonlyMap<string, string>): string {
  if (event.who === 'broker') return eventWords(event, names);
  return textIfKnown(`happened.${event.name}`, given(event)) ?? text('event.other', { name: event.name });
}

export function whoWords({ who, index }: LabEvent): string {
  return who === 'world' ? text('who.world') : text(`who.${who}`, { index });
}

function given(event: LabEvent): Record<string, Value> {
  const of: Record<string, Value> = {};
  for (const [field, value] of Object.entries(event)) of[field] = String(value);
  if (event.name === 'phase') of['phase'] = textIfKnown(`phase.${of['phase']}`) ?? of['phase']!;
  return of;
}
