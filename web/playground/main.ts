/** The playground: the element over the package's own clusters and labs, and all of them for the curious in the console. */

import { Cluster, Lab } from '../src/public/index.js';
import { OttlaPlayground } from '../src/public/element.js';

OttlaPlayground.define();
const page = document.querySelector<OttlaPlayground>('ottla-playground')!;
page.addEventListener('ottla-preferences', () => (document.documentElement.lang = page.lang));
page.addEventListener('ottla-address', () => {
  if (location.hash !== page.address) history.pushState(null, '', page.address);
});
addEventListener('hashchange', () => page.show(location.hash));

Object.defineProperty(globalThis, 'ottla', {
  value: {
    Lab,
    ready: page.ready,
    get cluster() {
      return page.cluster;
    },
  },
});
page.open(Cluster, { lab: Lab, hash: location.hash });
