/** The playground: the element over the package's own clusters, and both of them for the curious in the console. */

import { Cluster } from '../src/public/index.js';
import { OttlaPlayground } from '../src/public/element.js';

OttlaPlayground.define();
const page = document.querySelector<OttlaPlayground>('ottla-playground')!;
page.addEventListener('ottla-preferences', () => (document.documentElement.lang = page.lang));

Object.defineProperty(globalThis, 'ottla', {
  value: {
    ready: page.ready,
    get cluster() {
      return page.cluster;
    },
  },
});
page.open(Cluster);
