/** The page over a cluster and worlds that a test tells what to do: states that real ones are only in when something breaks. */

import '../../../playground/page.css';
import { OttlaPlayground } from '../../../src/public/element.js';
import { FakeDoor, FakeError } from '../../fake.js';
import { FakeLabDoor } from '../../fake-lab.js';

const door = new FakeDoor();
const labDoor = new FakeLabDoor();
for (const code of new URLSearchParams(location.search).getAll('refuse')) door.refusals.push(new FakeError(code));
OttlaPlayground.define();
const page = document.querySelector<OttlaPlayground>('ottla-playground')!;
page.addEventListener('ottla-preferences', () => (document.documentElement.lang = page.lang));
page.addEventListener('ottla-address', () => {
  if (location.hash !== page.address) history.pushState(null, '', page.address);
});
addEventListener('hashchange', () => page.show(location.hash));
page.open(door, { lab: labDoor, hash: location.hash });
Object.assign(globalThis, { door, labDoor, page });
