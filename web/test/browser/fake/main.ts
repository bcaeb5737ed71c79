/** The page over a cluster that a test tells what to do: states that a real one is only in when something breaks. */

import '../../../playground/page.css';
import { OttlaPlayground } from '../../../src/public/element.js';
import { FakeDoor, FakeError } from '../../fake.js';

const door = new FakeDoor();
for (const code of new URLSearchParams(location.search).getAll('refuse')) door.refusals.push(new FakeError(code));
OttlaPlayground.define();
const page = document.querySelector<OttlaPlayground>('ottla-playground')!;
page.addEventListener('ottla-preferences', () => (document.documentElement.lang = page.lang));
page.open(door);
Object.assign(globalThis, { door, page });
