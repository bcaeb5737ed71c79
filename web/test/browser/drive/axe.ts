import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import type { Tab } from './tab.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** What axe finds wrong with the page as it is, one line each. */
export async function violations(tab: Tab): Promise<string[]> {
  await tab.driver.evaluate(`if (!globalThis.axe) { ${AXE} }; undefined`);
  return tab.look<string[]>(
    `const { violations } = await axe.run(document, { runOnly: of, resultTypes: ['violations'] });
     return violations.flatMap(({ id, nodes }) => nodes.map(node => id + ': ' + node.target.flat().join(' ') + ' ' + (node.any[0]?.message ?? node.failureSummary)));`,
    TAGS,
  );
}
