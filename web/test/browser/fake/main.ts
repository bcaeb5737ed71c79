/** The page over a cluster that a test tells what to do: states that a real one is only in when something breaks. */

import '../../../playground/page.css';
import { OttlaPlayground } from '../../../src/public/element.js';
import { FakeDoor } from '../../fake.js';

const door = new FakeDoor();
OttlaPlayground.define();
const page = document.querySelector<OttlaPlayground>('ottla-playground')!;
page.open(door);
Object.assign(globalThis, { door, page });
